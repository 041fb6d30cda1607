"""From phrases and lists of URLs to folders of photos, one a label, each photo with its origin in a manifest.

The folder, which a run may leave and another take up at any moment:

    photos/<label>/<id>.jpg   upright JPEG without metadata, at most so large; the id is of the bytes as fetched
    manifest.csv              a row for each of these photos: source, author, licence, address
    refused.csv               a row for each address that gave nothing, and why; those that may pass are tried again
    searches/                 what each search has listed, so that it is asked once

A photo's row is on disk before the photo has its name: a row whose photo is missing is completed from the file `.part`
beside its place, and a `.part` without a row is dropped. So nothing is lost or kept twice.
"""
import asyncio
import fcntl
import hashlib
import io
import os
import pathlib
import tomllib
import urllib.parse
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np
from PIL import Image

from .. import duplicates, picture
from . import manifest, sources
from .download import Client, Manners, Refused
from ..errors import PipelineError
from .sources import Candidate
from ..words import count

QUALITY = 90
MOST_PIXELS = Image.MAX_IMAGE_PIXELS  # of a picture before it is decoded; Pillow warns of more, and refuses twice as many
REFUSALS = ("url", "label", "reason", "again")
ACCEPT = "image/jpeg,image/png,image/webp,image/*;q=0.5"
PHOTO_TYPES = ("image/", "application/octet-stream", "binary/octet-stream")  # some stores name no better type


@dataclass(frozen=True)
class Wishes:
    """What to collect and how. each: photos a label at most. listed: addresses taken from one search at most.
    longest, least: of a photo's sides in pixels; larger ones are shrunk, smaller ones refused."""

    out: pathlib.Path
    searches: tuple[tuple[str, str], ...] = ()  # (label, phrase)
    listed_urls: tuple[Candidate, ...] = ()
    sources: tuple[str, ...] = tuple(sources.SEARCHES)
    endpoints: dict[str, str] = field(default_factory=lambda: dict(sources.ENDPOINTS))
    licences: str = ""
    each: int = 300
    listed: int = 200
    longest: int = 1024
    least: int = 64
    near: int = duplicates.NEAR
    manners: Manners = Manners()


def read_phrases(file: pathlib.Path) -> list[tuple[str, str]]:
    """From TOML: `[phrases]`, and for each label a list: `hat = ["straw hat", "felt hat"]`."""
    try:
        table = tomllib.loads(file.read_text(encoding="utf-8"))["phrases"]
        wanted = [(label, phrase) for label, phrases in table.items() for phrase in phrases]
        if not wanted or not all(isinstance(phrases, list) for phrases in table.values()) or not all(
                isinstance(phrase, str) and phrase.strip() for _, phrase in wanted):
            raise ValueError("each label needs a list of phrases")
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        reason = "no table [phrases]" if isinstance(error, KeyError) else error
        raise PipelineError(f"{file}: {reason}", 'write [phrases] and lines such as hat = ["straw hat", "felt hat"]') from error
    return wanted


def check_label(label: str) -> str:
    """A label is a folder's name."""
    if not label or label != label.strip() or label.startswith(".") or any(
            not (letter.isalnum() or letter in "-_ ") for letter in label) or len(label) > 60:
        raise PipelineError(f"label {label!r}: it cannot be a folder's name", "use letters, digits, - and _")
    return label


@dataclass(frozen=True)
class Prepared:
    """A photo as it will be kept."""

    jpeg: bytes
    width: int
    height: int
    sha256: str  # of the bytes as fetched
    fingerprint: np.ndarray


def prepare(body: bytes, longest: int, least: int) -> Prepared:
    """Checks that the bytes are a whole picture of a fair size and makes a plain JPEG of it. Raises Refused."""
    try:
        with Image.open(io.BytesIO(body)) as opened:
            width, height = opened.size
    except Image.DecompressionBombError as error:
        raise Refused(f"over {2 * MOST_PIXELS} pixels, too many") from error
    except Exception as error:  # Pillow's readers raise many kinds on broken files
        begins = body[:200].lstrip().lower()
        raise Refused("HTML, not a picture" if begins.startswith((b"<!doctype html", b"<html")) else
                      "no picture that can be read" if body else "an empty file") from error
    if width * height > MOST_PIXELS:
        raise Refused(f"{width} x {height} pixels, too many")
    if min(width, height) < least:
        raise Refused(f"{width} x {height} pixels, smaller than {least}")
    try:
        pixels = picture.read(body)
    except PipelineError as error:
        raise Refused(f"a damaged picture: {error.cause.rpartition(': ')[2]}") from error
    image = Image.fromarray(pixels)
    image.thumbnail((longest, longest), Image.LANCZOS)
    buffer = io.BytesIO()
    image.save(buffer, "JPEG", quality=QUALITY, optimize=True)
    return Prepared(buffer.getvalue(), image.width, image.height, hashlib.sha256(body).hexdigest(),
                    duplicates.fingerprint(pixels))


class Store:
    """The folder, and what is known of every address. One process at a time."""

    def __init__(self, out: pathlib.Path, near: int):
        self.out, self.near = out, near
        out.mkdir(parents=True, exist_ok=True)
        self.lock = (out / ".lock").open("w")
        try:
            fcntl.flock(self.lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            raise PipelineError(f"{out}: another collection is under way here", "wait for it, or name another --out") from None
        self.kept = manifest.Log(out / "manifest.csv", manifest.COLUMNS)
        final = {row["url"]: row for row in manifest.read(out / "refused.csv", REFUSALS, torn=True) if row["again"] != "yes"}
        manifest.write(out / "refused.csv", REFUSALS, final.values())
        self.refused = manifest.Log(out / "refused.csv", REFUSALS)
        self.settled = {row["url"] for row in self.kept.rows} | set(final)
        self.counts = Counter(row["label"] for row in self.kept.rows)
        self.names = {row["sha256"]: f"{row['label']}/{row['file']}" for row in self.kept.rows}
        self.places = list(self.names.values())
        self.fingerprints = np.array([duplicates.from_hex(row["fingerprint"]) for row in self.kept.rows],
                                     np.uint64).reshape(-1, duplicates.BITS // 64)
        self._mend()

    def _mend(self) -> None:
        for place in self.places:
            part = _part(self.out / "photos" / place)
            if part.exists():
                part.replace(self.out / "photos" / place)
        for stray in (self.out / "photos").glob("*/.*.part"):
            stray.unlink()

    def keep(self, candidate: Candidate, photo: Prepared) -> None:
        """Raises Refused for a photo that is there already, under whatever label."""
        if photo.sha256 in self.names:
            raise Refused(f"the same file as {self.names[photo.sha256]}")
        apart = duplicates.distances(photo.fingerprint, self.fingerprints)
        if len(apart) and apart.min() <= self.near:
            raise Refused(f"the same picture as {self.places[int(apart.argmin())]}")
        place = f"{candidate.label}/{photo.sha256[:16]}.jpg"
        file = self.out / "photos" / place
        file.parent.mkdir(parents=True, exist_ok=True)
        with _part(file).open("wb") as out:
            out.write(photo.jpeg)
            out.flush()
            os.fsync(out.fileno())
        self.kept.append({
            "label": candidate.label, "file": file.name, "source": candidate.source, "author": candidate.author,
            "licence": candidate.licence, "licence_url": candidate.licence_url, "title": candidate.title,
            "page": candidate.page, "url": candidate.url, "phrase": candidate.phrase, "width": photo.width,
            "height": photo.height, "sha256": photo.sha256, "fingerprint": duplicates.to_hex(photo.fingerprint)})
        _part(file).replace(file)
        self.settled.add(candidate.url)
        self.counts[candidate.label] += 1
        self.names[photo.sha256] = place
        self.places.append(place)
        self.fingerprints = np.vstack([self.fingerprints, photo.fingerprint])

    def refuse(self, candidate: Candidate, refusal: Refused) -> None:
        self.settled.add(candidate.url)
        self.refused.append({"url": candidate.url, "label": candidate.label, "reason": refusal.reason,
                             "again": "yes" if refusal.passing else "no"})

    def close(self) -> None:
        self.lock.close()


def _part(file: pathlib.Path) -> pathlib.Path:
    return file.with_name(f".{file.name}.part")


@dataclass
class Summary:
    kept: Counter
    reasons: Counter
    failed_searches: list[str]
    full: set[str]  # labels that have as many photos as were wished for


async def collect(wishes: Wishes, say: Callable[[str], None] = print) -> Summary:
    """All of it; what earlier runs have settled is not fetched again."""
    for label in {label for label, _ in wishes.searches} | {candidate.label for candidate in wishes.listed_urls}:
        check_label(label)
    store = Store(wishes.out, wishes.near)
    try:
        async with Client(wishes.manners) as client:
            found, failed = await _search(client, wishes, say)
            candidates = list({candidate.url: candidate for candidate in [*found[::-1], *wishes.listed_urls[::-1]]}.values())[::-1]
            reasons = await _fetch(client, store, wishes, candidates, say)
    finally:
        store.close()
    full = {label for label, count in store.counts.items() if count >= wishes.each}
    return Summary(store.counts, reasons, failed, full)


async def _search(client: Client, wishes: Wishes, say) -> tuple[list[Candidate], list[str]]:
    """Everything that the searches list, each source one search at a time; the searches that failed are named."""
    failed: list[str] = []

    async def ask(source: str) -> list[list[Candidate]]:
        found = []
        for label, phrase in wishes.searches:
            endpoint = wishes.endpoints[source]
            key = hashlib.sha256(repr((endpoint, phrase, wishes.licences, wishes.listed)).encode()).hexdigest()[:12]
            file = wishes.out / "searches" / f"{source}-{label}-{key}.json"
            if file.exists():
                found.append(sources.from_json(file.read_text(encoding="utf-8")))
                continue
            listed: list[Candidate] = []
            try:
                async for candidate in sources.SEARCHES[source](client, endpoint, label, phrase, wishes.licences):
                    listed.append(candidate)
                    if len(listed) == wishes.listed:
                        break
                file.parent.mkdir(exist_ok=True)
                _part(file).write_text(sources.to_json(listed), encoding="utf-8")
                _part(file).replace(file)  # only a whole search is remembered
            except Refused as refusal:
                failed.append(f"{source}, {phrase!r}: {refusal.reason}")
            say(f"{source} lists {count(len(listed), 'picture')} for {label}: {phrase!r}")
            found.append(listed)
        return found

    by_source = await asyncio.gather(*map(ask, wishes.sources)) if wishes.searches else []
    # the sources in turns, so that a label that is soon full has photos of each
    return [candidate for searches in zip(*by_source) for turn in _turns(searches) for candidate in turn], failed


def _turns(lists) -> list[list[Candidate]]:
    return [[own[i] for own in lists if i < len(own)] for i in range(max(map(len, lists), default=0))]


async def _fetch(client: Client, store: Store, wishes: Wishes, candidates: list[Candidate], say) -> Counter:
    """Fetches until every label has its photos or nothing is left. Each host is asked in the order of the list."""
    reasons: Counter = Counter()
    under_way: Counter = Counter()
    waiting = [candidate for candidate in candidates if candidate.url not in store.settled]
    if len(waiting) < len(candidates):
        say(f"{len(candidates) - len(waiting)} of {count(len(candidates), 'address', 'addresses')} settled before")
    total, done = len(waiting), 0

    async def one(candidate: Candidate) -> None:
        nonlocal done
        under_way[candidate.label] += 1
        try:
            answer = await client.get(candidate.url, ACCEPT, only=PHOTO_TYPES)
            photo = await asyncio.to_thread(prepare, answer.body, wishes.longest, wishes.least)
            store.keep(candidate, photo)
        except Refused as refusal:
            store.refuse(candidate, refusal)
            reasons[_kind(refusal.reason)] += 1
        except OSError as error:
            raise PipelineError(f"{wishes.out}: {error}", "make room or mend it; the same command goes on") from error
        finally:
            under_way[candidate.label] -= 1
        done += 1

    async def work(queue: list[Candidate], later: list[Candidate]) -> None:
        while queue:
            candidate = queue.pop(0)
            if store.counts[candidate.label] + under_way[candidate.label] >= wishes.each:
                later.append(candidate)  # needed only if one that is under way fails
            else:
                await one(candidate)

    async def tell() -> None:
        while True:
            await asyncio.sleep(15)
            say(f"  {count(store.counts.total(), 'photo')} kept, {reasons.total()} refused, {total - done} to go")

    teller = asyncio.create_task(tell())
    try:
        while waiting := [candidate for candidate in waiting if store.counts[candidate.label] < wishes.each]:
            queues: dict[str, list[Candidate]] = {}
            for candidate in waiting:
                queues.setdefault(urllib.parse.urlsplit(candidate.url).netloc, []).append(candidate)
            later: list[Candidate] = []
            async with asyncio.TaskGroup() as workers:
                for queue in queues.values():
                    for _ in range(min(wishes.manners.together, len(queue))):
                        workers.create_task(work(queue, later))
            waiting = later
    except* PipelineError as group:
        raise group.exceptions[0] from None
    finally:
        teller.cancel()
    return reasons


def _kind(reason: str) -> str:
    """A reason without its particulars, for counting."""
    for beginning in ("the same file", "the same picture", "no whole answer", "no connection", "the connection broke",
                      "a damaged picture", "the server answers", "the server sends", "robots.txt could not be read",
                      "not an address of the web"):
        if reason.startswith(beginning):
            return reason[:len(beginning) + 4] if beginning == "the server answers" else beginning
    return "asked by robots.txt not to" if "robots.txt" in reason else "of a size not wanted" if "pixels" in reason or (
        "bytes" in reason) else reason
