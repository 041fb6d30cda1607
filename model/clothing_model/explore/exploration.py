"""A look at a folder of photos before and after training: how many, of what, from where, and what is odd among them.

`examine` measures every photo once, `report` writes one HTML file that needs nothing else, two lists as CSV (near-duplicates,
odd photos), and pictures of the charts where matplotlib is installed.
"""
import base64
import html
import io
import pathlib
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import numpy as np
from PIL import Image

from .. import dataset, duplicates, features, picture, spreadsheet
from ..dataset import Photo
from ..errors import PipelineError
from ..words import count, noun

NEIGHBOURS = 15  # at most
EXAMPLES = 8  # a label
SHOWN_GROUPS, SHOWN_ODD = 36, 48
THUMB = 168  # longest side of a small picture, pixels
PLAIN = 225  # mean of a border, of 255, from which a ground counts as plain and light: studios
SMALL = 160  # longest side in pixels under which a photo shows little


@dataclass(frozen=True)
class Measured:
    """width, height: upright. colour: mean of all pixels, border: of the outermost ring, uint8 [3]."""

    width: int
    height: int
    colour: np.ndarray
    border: np.ndarray
    fingerprint: np.ndarray


@dataclass
class Look:
    """What is known of photos, in their order. vectors: a network's features, where one was asked."""

    root: pathlib.Path
    photos: list[Photo]
    sources: list[str]
    measured: list[Measured]
    vectors: np.ndarray | None

    def __post_init__(self):
        counts = Counter(photo.label for photo in self.photos)
        self.labels = sorted(counts, key=lambda label: (-counts[label], label))
        self.splits = [split for split in dataset.SPLITS if any(photo.split == split for photo in self.photos)]
        found = duplicates.pairs(np.stack([own.fingerprint for own in self.measured]))
        self.twins = duplicates.groups(found)
        self.odd, self.akin = self._oddities() if self.vectors is not None else ([], [])

    def name(self, i: int) -> str:
        return self.photos[i].path.relative_to(self.root).as_posix()

    def _oddities(self) -> tuple[list[tuple[int, float, str]], list[tuple[str, str, float]]]:
        """Photos among those of another label: (photo, share of its neighbours with other labels, the commonest of these);
        and labels that lie among one another: (label, other, share of its photos' neighbours)."""
        fewest = Counter(photo.label for photo in self.photos)[self.labels[-1]]
        self.neighbours = min(NEIGHBOURS, max(3, fewest // 2))  # so that also a small label's photos could be among their own
        near, apart = features.nearest(self.vectors, self.neighbours)
        own = np.array([photo.label for photo in self.photos])
        others = own[near] != own[:, None]
        share = others.mean(1)
        # of two photos wholly among others, the one that lies closer to them is the likelier to be one of them
        order = np.lexsort((apart.mean(1), -share))
        odd = [(int(i), float(share[i]), Counter(own[near[i]][others[i]]).most_common(1)[0][0])
               for i in order if share[i] > 0.5]
        shares = Counter()
        for label in self.labels:
            chosen = own == label
            shares.update({(label, other): count / (chosen.sum() * near.shape[1])
                           for other, count in Counter(own[near[chosen]].ravel()).items() if other != label})
        return odd, [(label, other, value) for (label, other), value in shares.most_common(12)]


def examine(root: pathlib.Path, photos: list[Photo], sources: list[str], vectors: np.ndarray | None,
            skip_bad: bool = False) -> Look:
    def one(photo: Photo) -> Measured | PipelineError:
        try:
            pixels = picture.read(photo.path)
        except PipelineError as error:
            return error
        small = np.asarray(Image.fromarray(pixels).resize((32, 32), Image.BOX), np.float32)
        return Measured(pixels.shape[1], pixels.shape[0], small.mean((0, 1)).astype(np.uint8), picture.border_colour(pixels),
                        duplicates.fingerprint(pixels))

    with ThreadPoolExecutor(4) as pool:
        measured = list(pool.map(one, photos))
    dataset.report_bad([own for own in measured if isinstance(own, PipelineError)], skip_bad)
    good = [i for i, own in enumerate(measured) if not isinstance(own, PipelineError)]
    if not good:
        raise PipelineError(f"{root}: no photo could be read", "look at the files that were named")
    return Look(root, [photos[i] for i in good], [sources[i] for i in good], [measured[i] for i in good],
                vectors[good] if vectors is not None else None)


def report(look: Look, folder: pathlib.Path) -> pathlib.Path:
    """Writes everything and returns the HTML file."""
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / "near-duplicates.csv").open("w", newline="", encoding="utf-8") as out:
        writer = spreadsheet.Writer(out)
        writer.writerow(("group", "file", "label", "split", "source"))
        writer.writerows((number, look.name(i), look.photos[i].label, look.photos[i].split, look.sources[i])
                         for number, group in enumerate(look.twins, 1) for i in group)
    with (folder / "odd.csv").open("w", newline="", encoding="utf-8") as out:
        writer = spreadsheet.Writer(out)
        writer.writerow(("file", "label", "lies_among", "share", "action", "new_label"))
        writer.writerows((look.name(i), look.photos[i].label, other, f"{share:.2f}", "", "") for i, share, other in look.odd)
    draw(look, folder)
    file = folder / "index.html"
    file.write_text(page(look), encoding="utf-8")
    return file


# The page. Everything that comes from the photos' names goes through `text`.

def text(value: object) -> str:
    return html.escape(str(value))


def number(value: float) -> str:
    return f"{value:,.0f}"


def thumb(look: Look, i: int, extra: str = "") -> str:
    """A small picture with its name; the picture is part of the page."""
    image = Image.fromarray(picture.read(look.photos[i].path))
    image.thumbnail((THUMB, THUMB), Image.LANCZOS)
    buffer = io.BytesIO()
    image.save(buffer, "JPEG", quality=72, optimize=True)
    photo = look.photos[i]
    source = base64.b64encode(buffer.getvalue()).decode()
    caption = f"<figcaption>{extra}<span class=file>{text(look.name(i))}</span></figcaption>"
    return (f'<li><figure><img src="data:image/jpeg;base64,{source}" width={image.width} height={image.height} '
            f'alt="{text(photo.label)}" loading=lazy decoding=async>{caption}</figure></li>')


def table(caption: str, head: list[str], rows: list[list[str]], words: int = 1) -> str:
    """Cells are HTML already; the first of each row is its head, the first `words` columns hold words, the others figures."""
    cells = "".join(f"<th scope=col{'' if i < words else ' class=n'}>{cell}</th>" for i, cell in enumerate(head))
    body = "".join(f"<tr><th scope=row>{row[0]}</th>" + "".join(
        f"<td{'' if i < words else ' class=n'}>{cell}</td>" for i, cell in enumerate(row[1:], 1)) + "</tr>" for row in rows)
    return (f"<div class=scroll tabindex=0 role=region aria-label=\"{text(caption)}\"><table><caption>{text(caption)}</caption>"
            f"<thead><tr>{cells}</tr></thead><tbody>{body}</tbody></table></div>")


def section(key: str, title: str, *parts: str) -> str:
    return f'<section id={key} aria-labelledby={key}-h><h2 id={key}-h>{text(title)}</h2>{"".join(parts)}</section>'


def page(look: Look) -> str:
    parts = [("counts", "How many", _counts(look)), ("sources", "From where", _sources(look)),
             ("sizes", "Sizes and shapes", _sizes(look)), ("examples", "Examples", _examples(look)),
             ("colours", "Colours", _colours(look)), ("twins", "Near-duplicates", _twins(look)),
             ("odd", "Among another label", _odd(look))]
    title = f"{count(len(look.photos), 'photo')} of {count(len(look.labels), 'label')}"
    links = "".join(f'<li><a href="#{key}">{text(name)}</a></li>' for key, name, _ in parts)
    return (f"<!doctype html><html lang=en><head><meta charset=utf-8><meta name=viewport content='width=device-width'>"
            f"<meta http-equiv=Content-Security-Policy content=\"default-src 'none'; img-src data:; style-src 'unsafe-inline'\">"
            f"<title>{text(title)}</title><style>{STYLE}</style></head><body><header><p class=kicker>A look at the photos in "
            f"<code>{text(look.root)}</code></p><h1>{text(title)}</h1>{_tiles(look)}"
            f"<nav aria-label=Contents><ul>{links}</ul></nav></header><main>"
            + "".join(section(key, name, body) for key, name, body in parts) + "</main></body></html>\n")


def _tiles(look: Look) -> str:
    counts = Counter(photo.label for photo in look.photos)
    least = look.labels[-1]
    crossing = sum(len({look.photos[i].split for i in group}) > 1 for group in look.twins)
    sources = set(look.sources)
    tiles = [(f"{counts[look.labels[0]] / counts[least]:.1f} : 1", f"between the largest label and the smallest, {least}"),
             (number(len(sources)), f"{noun(len(sources), 'source')}, by the manifest") if sources != {"unknown"} else
             ("–", "no manifest names the sources"),
             (number(len(look.twins)), f"{noun(len(look.twins), 'group')} of near-duplicates, {crossing} across splits"),
             (number(len(look.odd)), f"{noun(len(look.odd), 'photo lies', 'photos lie')} among those of another label")
             if look.vectors is not None else ("–", "no network was asked")]
    return "<ul class=tiles>" + "".join(f"<li><b>{text(value)}</b> {text(words)}</li>" for value, words in tiles) + "</ul>"


def _bar(parts: list[tuple[str, float]]) -> str:
    """A row of coloured lengths in percent of the widest; the figures stand beside it in the table."""
    return "<span class=bar aria-hidden=true>" + "".join(
        f'<span class="{name}" style="width:{share:.2f}%"></span>' for name, share in parts) + "</span>"


def _counts(look: Look) -> str:
    counts = Counter((photo.label, photo.split) for photo in look.photos)
    totals = Counter(photo.label for photo in look.photos)
    most, median = max(totals.values()), float(np.median(list(totals.values())))
    rows = [[text(label), _bar([(split, 100 * counts[label, split] / most) for split in look.splits]), number(totals[label]),
             *(number(counts[label, split]) for split in look.splits)] for label in look.labels]
    rows.append(["all", "", number(len(look.photos)),
                 *(number(sum(counts[label, split] for label in look.labels)) for split in look.splits)])
    thin = [label for label in look.labels if totals[label] < median / 3]
    legend = "".join(f'<li><span class="dot {split}"></span>{split}</li>' for split in look.splits)
    words = (f"<p>Under a third of the median label ({number(median)} photos): <b>{text(', '.join(thin))}</b>. Training draws "
             "rare labels more often, but cannot invent their variety: collect more of them first.</p>" if thin else
             f"<p>No label has less than a third of the median, {number(median)} photos.</p>")
    return f"<ul class=legend>{legend}</ul>" + table("Photos by label and split", ["label", "", "all", *look.splits], rows, 2) + words


def _sources(look: Look) -> str:
    names = [name for name, _ in Counter(look.sources).most_common()]
    counts = Counter((photo.label, source) for photo, source in zip(look.photos, look.sources))
    totals = Counter(photo.label for photo in look.photos)

    def cell(label, name):
        share = counts[label, name] / totals[label]
        return f'<span class=heat style="--share:{share:.3f}">{number(counts[label, name]) if counts[label, name] else "·"}</span>'

    rows = [[text(label), *(cell(label, name) for name in names)] for label in look.labels]
    alone = [f"{label} ({name})" for label in look.labels for name in names if counts[label, name] > 0.9 * totals[label]]
    words = f"<p>Nine tenths or more from one source: <b>{text(', '.join(alone))}</b>. A network may learn the source instead " \
            "of the thing.</p>" if alone and len(names) > 1 else ""
    return table("Photos by label and source", ["label", *map(text, names)], rows) + words


def _histogram(values: list[float], edges: list[float], names: list[str], caption: str) -> str:
    counts, _ = np.histogram(values, edges)
    most = max(1, counts.max())
    return table(caption, ["", "", "photos"], [[text(name), _bar([("plain", 100 * count / most)]), number(count)]
                                               for name, count in zip(names, counts)], 2)


def _sizes(look: Look) -> str:
    longest = [max(own.width, own.height) for own in look.measured]
    shapes = [own.width / own.height for own in look.measured]
    edges = [0, 64, 128, 256, 512, 1024, 2048, 1e9]
    names = ["under 64", "64–127", "128–255", "256–511", "512–1023", "1024–2047", "2048 and more"]
    kinds = [0, 0.5, 0.72, 0.9, 1.1, 1.4, 2, 1e9]
    forms = ["narrow, under 1 : 2", "tall", "upright", "square", "lying", "wide", "very wide, over 2 : 1"]
    small = [i for i in np.argsort(longest, kind="stable")[:8] if longest[i] < SMALL]
    return ("<div class=two>" + _histogram(longest, edges, names, "Longest side, pixels")
            + _histogram(shapes, kinds, forms, "Width to height") + "</div>"
            + (f"<h3>The smallest</h3><ul class=thumbs>{''.join(_sized(look, int(i)) for i in small)}</ul>" if small else ""))


def _sized(look: Look, i: int) -> str:
    own = look.measured[i]
    return thumb(look, i, f"<b>{own.width} × {own.height}</b> ")


def _examples(look: Look) -> str:
    parts = []
    for label in look.labels:
        own = [i for i, photo in enumerate(look.photos) if photo.label == label]
        chosen = [own[k * len(own) // EXAMPLES] for k in range(EXAMPLES)] if len(own) > EXAMPLES else own
        parts.append(f"<h3>{text(label)}</h3><ul class='thumbs row' tabindex=0 aria-label=\"{text(label)}\">"
                     f"{''.join(thumb(look, i) for i in chosen)}</ul>")
    return "<p>Evenly spaced over each label's files.</p>" + "".join(parts)


def _colours(look: Look) -> str:
    rows = []
    for label in look.labels:
        own = [measured for photo, measured in zip(look.photos, look.measured) if photo.label == label]
        colours = np.stack([measured.colour for measured in own]).astype(float)
        borders = np.stack([measured.border for measured in own]).astype(float)
        strip = colours[np.argsort(colours @ (0.299, 0.587, 0.114))]
        strip = [strip[k * len(strip) // 24] for k in range(24)] if len(strip) > 24 else strip
        rows.append([text(label), _swatch(colours.mean(0), "mean of the photos"), _swatch(borders.mean(0), "mean of their borders"),
                     "<span class=strip aria-hidden=true>" + "".join(f'<i style="background:{_hex(own)}"></i>' for own in strip)
                     + "</span>", f"{(borders.min(1) >= PLAIN).mean():.0%}"])
    return ("<p>A label whose grounds are mostly white was photographed in studios, and will be asked about photos that were "
            "not.</p>" + table("Mean colours by label", ["label", "photo", "border", "photos from dark to light", "on white"], rows, 4))


def _hex(colour: np.ndarray) -> str:
    return "#" + "".join(f"{int(value):02x}" for value in colour)


def _swatch(colour: np.ndarray, words: str) -> str:
    return f'<span class=swatch style="background:{_hex(colour)}" title="{words}"></span><code>{_hex(colour)}</code>'


def _twins(look: Look) -> str:
    if not look.twins:
        return "<p>None.</p>"

    def weight(group):
        return (len({look.photos[i].label for i in group}) > 1, len({look.photos[i].split for i in group}) > 1, len(group))

    order = sorted(look.twins, key=weight, reverse=True)
    parts = []
    for group in order[:SHOWN_GROUPS]:
        labels, splits = ({getattr(look.photos[i], key) for i in group} for key in ("label", "split"))
        told = [f"<b class=bad>labels: {text(', '.join(sorted(labels)))}</b>"] * (len(labels) > 1) + [
            f"<b class=warn>splits: {text(', '.join(sorted(splits)))}</b>"] * (len(splits) > 1)
        more = f"<p class=soft>and {len(group) - 4} more</p>" if len(group) > 4 else ""
        parts.append(f"<li class=card>{' '.join(told) or f'<span class=soft>{text(look.photos[group[0]].label)}</span>'}"
                     f"<ul class=thumbs>{''.join(thumb(look, i) for i in group[:4])}</ul>{more}</li>")
    across = sum(weight(group)[1] for group in order)
    contradicting = sum(weight(group)[0] for group in order)
    return (f"<p>{count(sum(map(len, order)), 'photo')} in {count(len(order), 'group')} whose fingerprints differ in at most "
            f"{duplicates.NEAR} of {duplicates.BITS} bits; {count(across, 'group lies', 'groups lie')} in more than one split, "
            f"which flatters the test, and {contradicting} under more than one label. All are in <code>near-duplicates.csv</code>"
            + (f"; the {SHOWN_GROUPS} gravest:" if len(order) > SHOWN_GROUPS else ":") + f"</p><ul class=cards>{''.join(parts)}</ul>")


def _odd(look: Look) -> str:
    if look.vectors is None:
        return "<p>No network was asked. With <code>--onnx FILE</code>, photos that lie among those of another label are shown.</p>"
    photos = "".join(thumb(look, i, f"<b>{text(look.photos[i].label)}</b> among <b>{text(other)}</b> ({share:.0%}) ")
                     for i, share, other in look.odd[:SHOWN_ODD])
    akin = table("Labels that lie among one another", ["label", "lies among", "neighbours of that label"],
                 [[text(label), text(other), f"{share:.1%}"] for label, other, share in look.akin], 2)
    return (f"<p>Of each photo's {look.neighbours} nearest neighbours in the network's features, more than half have another label. "
            "Such photos are often mislabelled, or show several things. All are in <code>odd.csv</code>, which "
            f"<code>apply</code> takes once action and new_label are filled in.</p><ul class=thumbs>{photos}</ul>{akin}")


def draw(look: Look, folder: pathlib.Path) -> None:
    """counts.png, shapes.png, colours.png and akin.png; nothing where matplotlib is not installed."""
    try:
        import matplotlib
    except ImportError:
        return
    matplotlib.use("Agg")
    from matplotlib import pyplot

    height = 0.32 * len(look.labels) + 1
    counts = Counter((photo.label, photo.split) for photo in look.photos)
    figure, axes = pyplot.subplots(figsize=(8, height), layout="constrained")
    start = np.zeros(len(look.labels))
    for split, colour in zip(look.splits, ("#0e6b5e", "#e0a43a", "#8a5fbf")):
        own = np.array([counts[label, split] for label in look.labels])
        axes.barh(look.labels, own, left=start, label=split, color=colour)
        start += own
    axes.invert_yaxis()
    axes.set_xlabel("photos")
    axes.spines[["top", "right"]].set_visible(False)
    axes.legend(frameon=False)
    figure.savefig(folder / "counts.png", dpi=130)

    figure, axes = pyplot.subplots(figsize=(6, 6), layout="constrained")
    axes.scatter([own.width for own in look.measured], [own.height for own in look.measured], s=4, alpha=0.25, color="#0e6b5e")
    axes.set_xlabel("width, pixels")
    axes.set_ylabel("height, pixels")
    axes.set_aspect("equal")
    axes.spines[["top", "right"]].set_visible(False)
    figure.savefig(folder / "shapes.png", dpi=130)

    figure, axes = pyplot.subplots(figsize=(8, height), layout="constrained")
    strips = np.zeros((len(look.labels), 60, 3))
    for row, label in enumerate(look.labels):
        own = np.array([measured.colour for photo, measured in zip(look.photos, look.measured) if photo.label == label], float)
        own = own[np.argsort(own @ (0.299, 0.587, 0.114))]
        strips[row] = own[np.arange(60) * len(own) // 60] / 255
    axes.imshow(strips, aspect="auto", interpolation="nearest")
    axes.set_yticks(range(len(look.labels)), look.labels)
    axes.set_xticks([])
    axes.set_xlabel("mean colour of each photo, from dark to light")
    axes.spines[:].set_visible(False)
    figure.savefig(folder / "colours.png", dpi=130)

    if look.akin:
        figure, axes = pyplot.subplots(figsize=(8, 0.35 * len(look.akin) + 1), layout="constrained")
        axes.barh([f"{label} among {other}" for label, other, _ in look.akin], [100 * share for *_, share in look.akin], color="#0e6b5e")
        axes.invert_yaxis()
        axes.set_xlabel("of its photos' neighbours, %")
        axes.spines[["top", "right"]].set_visible(False)
        figure.savefig(folder / "akin.png", dpi=130)
    pyplot.close("all")


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
