"""The report as one HTML page that needs no other file. All text that comes from files' names goes through `text`."""
import base64
import html
import io
from collections import Counter

import numpy as np
from PIL import Image

from .. import duplicates, picture
from ..words import count, noun
from .exploration import Findings

EXAMPLES = 8  # per label
SHOWN_GROUPS, SHOWN_ODD = 36, 48
THUMB = 168  # longest side of a small picture, pixels
PLAIN = 225  # mean colour of a border, of 255, from which a background counts as plain and light, as in a studio
SMALL = 160  # longest side, in pixels, under which a photo shows little detail

def text(value: object) -> str:
    """Text for HTML, escaped."""
    return html.escape(str(value))


def number(value: float) -> str:
    return f"{value:,.0f}"


def thumb(findings: Findings, i: int, extra: str = "") -> str:
    """A small picture, embedded in the page, with its name. extra: HTML before the name."""
    image = Image.fromarray(picture.read(findings.photos[i].path))
    image.thumbnail((THUMB, THUMB), Image.LANCZOS)
    buffer = io.BytesIO()
    image.save(buffer, "JPEG", quality=72, optimize=True)
    photo = findings.photos[i]
    source = base64.b64encode(buffer.getvalue()).decode()
    caption = f"<figcaption>{extra}<span class=file>{text(findings.name(i))}</span></figcaption>"
    return (f'<li><figure><img src="data:image/jpeg;base64,{source}" width={image.width} height={image.height} '
            f'alt="{text(photo.label)}" loading=lazy decoding=async>{caption}</figure></li>')


def table(caption: str, head: list[str], rows: list[list[str]], words: int = 1) -> str:
    """head, rows: cells as HTML; the first cell of a row is its header. words: columns of text, before those of numbers."""
    cells = "".join(f"<th scope=col{'' if i < words else ' class=n'}>{cell}</th>" for i, cell in enumerate(head))
    body = "".join(f"<tr><th scope=row>{row[0]}</th>" + "".join(
        f"<td{'' if i < words else ' class=n'}>{cell}</td>" for i, cell in enumerate(row[1:], 1)) + "</tr>" for row in rows)
    return (f"<div class=scroll tabindex=0 role=region aria-label=\"{text(caption)}\"><table><caption>{text(caption)}</caption>"
            f"<thead><tr>{cells}</tr></thead><tbody>{body}</tbody></table></div>")


def section(key: str, title: str, *parts: str) -> str:
    """A section of the page. parts: HTML. key: its id, by which the contents link to it."""
    return f'<section id={key} aria-labelledby={key}-h><h2 id={key}-h>{text(title)}</h2>{"".join(parts)}</section>'


def render(findings: Findings) -> str:
    """The whole page as HTML."""
    parts = [("counts", "How many", _counts(findings)), ("sources", "From where", _sources(findings)),
             ("sizes", "Sizes and shapes", _sizes(findings)), ("examples", "Examples", _examples(findings)),
             ("colours", "Colours", _colours(findings)), ("twins", "Near-duplicates", _near_duplicates(findings)),
             ("odd", "Among another label", _odd_photos(findings))]
    title = f"{count(len(findings.photos), 'photo')} of {count(len(findings.labels), 'label')}"
    links = "".join(f'<li><a href="#{key}">{text(name)}</a></li>' for key, name, _ in parts)
    return (f"<!doctype html><html lang=en><head><meta charset=utf-8><meta name=viewport content='width=device-width'>"
            f"<meta http-equiv=Content-Security-Policy content=\"default-src 'none'; img-src data:; style-src 'unsafe-inline'\">"
            f"<title>{text(title)}</title><style>{STYLE}</style></head><body><header><p class=kicker>A look at the photos in "
            f"<code>{text(findings.root)}</code></p><h1>{text(title)}</h1>{_tiles(findings)}"
            f"<nav aria-label=Contents><ul>{links}</ul></nav></header><main>"
            + "".join(section(key, name, body) for key, name, body in parts) + "</main></body></html>\n")


def _tiles(findings: Findings) -> str:
    counts = Counter(photo.label for photo in findings.photos)
    least, groups = findings.labels[-1], findings.near_duplicates
    crossing = sum(len({findings.photos[i].split for i in group}) > 1 for group in groups)
    sources = set(findings.sources)
    tiles = [(f"{counts[findings.labels[0]] / counts[least]:.1f} : 1", f"between the largest label and the smallest, {least}"),
             (number(len(sources)), f"{noun(len(sources), 'source')}, according to the manifest") if sources != {"unknown"} else
             ("–", "no manifest names the sources"),
             (number(len(groups)), f"{noun(len(groups), 'group')} of near-duplicates, {crossing} across splits"),
             (number(len(findings.odd)), f"{noun(len(findings.odd), 'photo lies', 'photos lie')} among those of another label")
             if findings.vectors is not None else ("–", "no network was used")]
    return "<ul class=tiles>" + "".join(f"<li><b>{text(value)}</b> {text(words)}</li>" for value, words in tiles) + "</ul>"


def _bar(parts: list[tuple[str, float]]) -> str:
    """A stacked bar. parts: (CSS class, length in percent of the longest bar); the numbers are in the table beside it."""
    return "<span class=bar aria-hidden=true>" + "".join(
        f'<span class="{name}" style="width:{share:.2f}%"></span>' for name, share in parts) + "</span>"


def _counts(findings: Findings) -> str:
    counts = Counter((photo.label, photo.split) for photo in findings.photos)
    totals = Counter(photo.label for photo in findings.photos)
    most, median = max(totals.values()), float(np.median(list(totals.values())))
    rows = [[text(label), _bar([(split, 100 * counts[label, split] / most) for split in findings.splits]), number(totals[label]),
             *(number(counts[label, split]) for split in findings.splits)] for label in findings.labels]
    rows.append(["all", "", number(len(findings.photos)),
                 *(number(sum(counts[label, split] for label in findings.labels)) for split in findings.splits)])
    thin = [label for label in findings.labels if totals[label] < median / 3]
    legend = "".join(f'<li><span class="dot {split}"></span>{split}</li>' for split in findings.splits)
    words = (f"<p>Under a third of the median label ({number(median)} photos): <b>{text(', '.join(thin))}</b>. Training draws "
             "rare labels more often, but that adds no variety: collect more of them first.</p>" if thin else
             f"<p>No label has less than a third of the median, {number(median)} photos.</p>")
    return f"<ul class=legend>{legend}</ul>" + table("Photos by label and split", ["label", "", "all", *findings.splits], rows, 2) + words


def _sources(findings: Findings) -> str:
    names = [name for name, _ in Counter(findings.sources).most_common()]
    counts = Counter((photo.label, source) for photo, source in zip(findings.photos, findings.sources))
    totals = Counter(photo.label for photo in findings.photos)

    def cell(label, name):
        share = counts[label, name] / totals[label]
        return f'<span class=heat style="--share:{share:.3f}">{number(counts[label, name]) if counts[label, name] else "·"}</span>'

    rows = [[text(label), *(cell(label, name) for name in names)] for label in findings.labels]
    alone = [f"{label} ({name})" for label in findings.labels for name in names if counts[label, name] > 0.9 * totals[label]]
    words = f"<p>90 % or more from one source: <b>{text(', '.join(alone))}</b>. A network may learn to recognise the source " \
            "instead of the garment.</p>" if alone and len(names) > 1 else ""
    return table("Photos by label and source", ["label", *map(text, names)], rows) + words


def _histogram(values: list[float], edges: list[float], names: list[str], caption: str) -> str:
    counts, _ = np.histogram(values, edges)
    most = max(1, counts.max())
    return table(caption, ["", "", "photos"], [[text(name), _bar([("plain", 100 * count / most)]), number(count)]
                                               for name, count in zip(names, counts)], 2)


def _sizes(findings: Findings) -> str:
    longest = [max(own.width, own.height) for own in findings.measurements]
    shapes = [own.width / own.height for own in findings.measurements]
    edges = [0, 64, 128, 256, 512, 1024, 2048, 1e9]
    names = ["under 64", "64–127", "128–255", "256–511", "512–1023", "1024–2047", "2048 and more"]
    kinds = [0, 0.5, 0.72, 0.9, 1.1, 1.4, 2, 1e9]
    forms = ["very tall, under 1 : 2", "tall", "upright", "square", "landscape", "wide", "very wide, over 2 : 1"]
    small = [i for i in np.argsort(longest, kind="stable")[:8] if longest[i] < SMALL]
    return ("<div class=two>" + _histogram(longest, edges, names, "Longest side, pixels")
            + _histogram(shapes, kinds, forms, "Width to height") + "</div>"
            + (f"<h3>The smallest</h3><ul class=thumbs>{''.join(_sized(findings, int(i)) for i in small)}</ul>" if small else ""))


def _sized(findings: Findings, i: int) -> str:
    own = findings.measurements[i]
    return thumb(findings, i, f"<b>{own.width} × {own.height}</b> ")


def _examples(findings: Findings) -> str:
    parts = []
    for label in findings.labels:
        own = [i for i, photo in enumerate(findings.photos) if photo.label == label]
        chosen = [own[k * len(own) // EXAMPLES] for k in range(EXAMPLES)] if len(own) > EXAMPLES else own
        parts.append(f"<h3>{text(label)}</h3><ul class='thumbs row' tabindex=0 aria-label=\"{text(label)}\">"
                     f"{''.join(thumb(findings, i) for i in chosen)}</ul>")
    return "<p>Evenly spaced among each label's files.</p>" + "".join(parts)


def _colours(findings: Findings) -> str:
    rows = []
    for label in findings.labels:
        measured = [own for photo, own in zip(findings.photos, findings.measurements) if photo.label == label]
        colours = np.stack([own.colour for own in measured]).astype(float)
        borders = np.stack([own.border for own in measured]).astype(float)
        strip = colours[np.argsort(colours @ (0.299, 0.587, 0.114))]
        strip = [strip[k * len(strip) // 24] for k in range(24)] if len(strip) > 24 else strip
        rows.append([text(label), _swatch(colours.mean(0), "mean of the photos"), _swatch(borders.mean(0), "mean of their borders"),
                     "<span class=strip aria-hidden=true>" + "".join(f'<i style="background:{_hex(own)}"></i>' for own in strip)
                     + "</span>", f"{(borders.min(1) >= PLAIN).mean():.0%}"])
    return ("<p>A label whose backgrounds are mostly white was photographed in studios; visitors' photos are not.</p>"
            + table("Mean colours by label", ["label", "photo", "border", "photos from dark to light", "on white"], rows, 4))


def _hex(colour: np.ndarray) -> str:
    return "#" + "".join(f"{int(value):02x}" for value in colour)


def _swatch(colour: np.ndarray, words: str) -> str:
    return f'<span class=swatch style="background:{_hex(colour)}" title="{words}"></span><code>{_hex(colour)}</code>'


def _near_duplicates(findings: Findings) -> str:
    if not findings.near_duplicates:
        return "<p>None.</p>"

    def weight(group):
        return (len({findings.photos[i].label for i in group}) > 1, len({findings.photos[i].split for i in group}) > 1, len(group))

    order = sorted(findings.near_duplicates, key=weight, reverse=True)
    parts = []
    for group in order[:SHOWN_GROUPS]:
        labels, splits = ({getattr(findings.photos[i], key) for i in group} for key in ("label", "split"))
        notes = [f"<b class=bad>labels: {text(', '.join(sorted(labels)))}</b>"] * (len(labels) > 1) + [
            f"<b class=warn>splits: {text(', '.join(sorted(splits)))}</b>"] * (len(splits) > 1)
        more = f"<p class=soft>and {len(group) - 4} more</p>" if len(group) > 4 else ""
        parts.append(f"<li class=card>{' '.join(notes) or f'<span class=soft>{text(findings.photos[group[0]].label)}</span>'}"
                     f"<ul class=thumbs>{''.join(thumb(findings, i) for i in group[:4])}</ul>{more}</li>")
    across = sum(weight(group)[1] for group in order)
    contradicting = sum(weight(group)[0] for group in order)
    return (f"<p>{count(sum(map(len, order)), 'photo')} in {count(len(order), 'group')} whose fingerprints differ in at most "
            f"{duplicates.NEAR} of {duplicates.BITS} bits; {count(across, 'group lies', 'groups lie')} in more than one split, "
            f"which makes test results look better than they are, and {contradicting} under more than one label. All are in "
            "<code>near-duplicates.csv</code>"
            + (f"; the {SHOWN_GROUPS} most serious:" if len(order) > SHOWN_GROUPS else ":") + f"</p><ul class=cards>{''.join(parts)}</ul>")


def _odd_photos(findings: Findings) -> str:
    if findings.vectors is None:
        return "<p>No network was used. With <code>--onnx FILE</code>, photos that lie among those of another label are shown.</p>"
    photos = "".join(thumb(findings, i, f"<b>{text(findings.photos[i].label)}</b> among <b>{text(other)}</b> ({share:.0%}) ")
                     for i, share, other in findings.odd[:SHOWN_ODD])
    mixed = table("Labels that lie among one another", ["label", "lies among", "neighbours of that label"],
                  [[text(label), text(other), f"{share:.1%}"] for label, other, share in findings.mixed_labels], 2)
    return (f"<p>More than half of the {findings.neighbours} nearest neighbours of each of these photos, in the network's features, "
            "have another label. Such photos are often mislabelled, or show several things. All are in <code>odd.csv</code>, which "
            f"<code>apply</code> carries out once action and new_label are filled in.</p><ul class=thumbs>{photos}</ul>{mixed}")


STYLE = """
:root{color-scheme:light dark;--ground:#faf8f5;--surface:#fff;--sunken:#f1ede7;--line:#ddd6cc;--ink:#1d1b19;--soft:#5f584f;
--accent:#0e6b5e;--second:#c9871a;--third:#8a5fbf;--warn:#8a4b08;--bad:#a3242f;--heat:14 107 94}
@media(prefers-color-scheme:dark){:root{--ground:#141617;--surface:#1d2021;--sunken:#272b2c;--line:#3a4041;--ink:#eceae6;
--soft:#aba79f;--accent:#64cdb6;--second:#f0bd7a;--third:#c3a3ee;--warn:#f0bd7a;--bad:#ff9d97;--heat:100 205 182}}
*{box-sizing:border-box}html{-webkit-text-size-adjust:100%;scroll-padding-top:1rem}
body{margin:0 auto;max-width:76rem;padding:clamp(1rem,4vw,3rem) clamp(1rem,4vw,2.5rem);background:var(--ground);color:var(--ink);
font:1rem/1.55 system-ui,-apple-system,"Segoe UI",Roboto,"Noto Sans",sans-serif;overflow-wrap:anywhere}
h1{font-size:clamp(1.7rem,5vw,2.6rem);line-height:1.15;margin:.2rem 0 1.4rem;text-wrap:balance}
h2{font-size:1.35rem;margin:0 0 1rem}h3{font-size:1rem;margin:1.4rem 0 .5rem}p{max-width:68ch}
code{font-size:.85em}a{color:var(--accent);text-underline-offset:.2em}
:focus-visible{outline:3px solid var(--accent);outline-offset:2px;border-radius:4px}
.kicker,.soft{color:var(--soft);margin:0}ul{list-style:none;margin:0;padding:0}
.tiles{display:grid;grid-template-columns:repeat(auto-fit,minmax(min(13rem,100%),1fr));gap:.8rem;margin-bottom:1.4rem}
.tiles li{background:var(--surface);border:1px solid var(--line);border-radius:14px;padding:.9rem 1.1rem;color:var(--soft)}
.tiles b{display:block;font-size:1.6rem;line-height:1.3;color:var(--ink)}
nav ul{display:flex;flex-wrap:wrap;gap:.4rem 1.2rem}nav a{display:inline-block;padding:.3rem 0}
section{margin-top:2rem;padding:clamp(1rem,3vw,1.8rem);background:var(--surface);border:1px solid var(--line);border-radius:14px}
.scroll{overflow-x:auto;margin:0 0 1rem;overflow-wrap:normal}table{border-collapse:collapse;width:100%;font-variant-numeric:tabular-nums}
caption{text-align:left;color:var(--soft);padding-bottom:.4rem}th,td{padding:.3rem .6rem;text-align:left;border-top:1px solid var(--line);
font-weight:400;white-space:nowrap}thead th{border-top:0;color:var(--soft);font-size:.85rem;vertical-align:bottom}.n{text-align:right}
tbody th{position:sticky;left:0;background:var(--surface)}
.bar{display:flex;width:clamp(4.5rem,34vw,38rem);height:.85rem;border-radius:4px;overflow:hidden}
.train,.plain{background:var(--accent)}.val{background:var(--second)}.test{background:var(--third)}
.legend{display:flex;gap:1.2rem;margin-bottom:.6rem}.dot{display:inline-block;width:.8rem;height:.8rem;border-radius:3px;margin-right:.4rem}
.heat{display:block;margin:-.3rem -.6rem;padding:.3rem .6rem;background:rgb(var(--heat)/calc(var(--share)*.45))}
.two{display:grid;grid-template-columns:repeat(auto-fit,minmax(min(24rem,100%),1fr));gap:0 2rem}.two .bar{width:clamp(4.5rem,18vw,16rem)}
.thumbs+.scroll{margin-top:1.6rem}.thumbs{display:grid;grid-template-columns:repeat(auto-fill,minmax(8.4rem,1fr));gap:.8rem}figure{margin:0}
.row{display:flex;overflow-x:auto}.row li{flex:0 0 8.4rem}
img{display:block;width:100%;height:8.4rem;object-fit:contain;background:var(--sunken);border-radius:8px}
figcaption{font-size:.78rem;line-height:1.35;color:var(--soft);padding-top:.3rem}figcaption b{color:var(--ink)}.file{display:block}
.cards{display:grid;grid-template-columns:repeat(auto-fill,minmax(min(19rem,100%),1fr));gap:1rem}
.card{border:1px solid var(--line);border-radius:10px;padding:.8rem}.card .thumbs{margin-top:.5rem}
.bad{color:var(--bad)}.warn{color:var(--warn)}
.swatch{display:inline-block;width:2.4rem;height:1.2rem;border-radius:4px;border:1px solid var(--line);vertical-align:-.25rem;margin-right:.5rem}
.strip{display:flex;width:clamp(8rem,22vw,18rem);height:1.2rem;border-radius:4px;overflow:hidden}.strip i{flex:1}
@media(max-width:34rem){th,td{padding:.25rem .3rem;font-size:.9rem}.heat{margin:-.25rem -.3rem;padding:.25rem .3rem}.bar,.two .bar{width:18vw}}
"""
