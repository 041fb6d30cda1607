"""From phrases and lists of URLs to folders of photos, one per label, with the origin of each photo in a manifest.

A collection can be interrupted and resumed at any time. Its folder has:

    photos/<label>/<id>.jpg   upright JPEG without metadata, shrunk if too large; the id is from the hash of the file as fetched
    manifest.csv              one row per photo: source, author, licence, URL
    refused.csv               one row per URL that gave no photo, and why; temporary failures are tried again in the next run
    searches/                 the results of each search, so that it is made only once

A photo is written in three steps: its bytes to a file `.part`, its row to the manifest, and then the file gets its name. After
an interruption, a `.part` with a row gets its name, and one without is deleted. So no photo is lost or kept twice.
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
from ..errors import PipelineError
from ..words import count
from . import manifest, sources
from .download import Client, Policy, Refused
from .sources import Candidate

QUALITY = 90
MAX_PIXELS = Image.MAX_IMAGE_PIXELS  # of a picture; checked before decoding. Pillow warns above it, and refuses twice as many
REFUSALS = ("url", "label", "reason", "again")
ACCEPT = "image/jpeg,image/png,image/webp,image/*;q=0.5"
PHOTO_TYPES = ("image/", "application/octet-stream", "binary/octet-stream")  # the latter two from some file stores


@dataclass(frozen=True)
class Request:
    """What to collect, and how."""

    out: pathlib.Path
    searches: tuple[tuple[str, str], ...] = ()  # (label, phrase)
    candidates: tuple[Candidate, ...] = ()
    sources: tuple[str, ...] = tuple(sources.SEARCHES)
    endpoints: dict[str, str] = field(default_factory=lambda: dict(sources.ENDPOINTS))
    licences: str = ""
    per_label: int = 300  # most photos per label
    per_search: int = 200  # most URLs taken from one search
    max_side: int = 1024  # pixels; photos with a longer side are shrunk
    min_side: int = 64  # pixels; photos with a shorter side are refused
    near: int = duplicates.NEAR  # most bits by which near-duplicates' fingerprints differ
    policy: Policy = Policy()


def read_phrases(file: pathlib.Path) -> list[tuple[str, str]]:
    """(label, phrase) pairs from a TOML file with `[phrases]` and a list for each label: `hat = ["straw hat", "felt hat"]`."""
    try:
        table = tomllib.loads(file.read_text(encoding="utf-8"))["phrases"]
        wanted = [(label, phrase) for label, phrases in table.items() for phrase in phrases]
        if not wanted or not all(isinstance(phrases, list) for phrases in table.values()) or not all(
                isinstance(phrase, str) and phrase.strip() for _, phrase in wanted):
            raise ValueError("each label needs a list of phrases")
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        reason = "it has no table [phrases]" if isinstance(error, KeyError) else error
        raise PipelineError(f"{file}: {reason}", 'write [phrases] and lines such as hat = ["straw hat", "felt hat"]') from error
    return wanted


def check_label(label: str) -> str:
    """Returns the label if it can be the name of a folder."""
    if not label or label != label.strip() or label.startswith(".") or any(
            not (letter.isalnum() or letter in "-_ ") for letter in label) or len(label) > 60:
        raise PipelineError(f"label {label!r}: it cannot be the name of a folder", "use letters, digits, - and _")
    return label


@dataclass(frozen=True)
class PreparedPhoto:
    """A photo as it is stored."""

    jpeg: bytes
    width: int
    height: int
    sha256: str  # of the bytes as fetched
    fingerprint: np.ndarray


def prepare(body: bytes, max_side: int, min_side: int) -> PreparedPhoto:
    """Checks that the bytes are an intact picture of an acceptable size, and makes a plain JPEG of it. Raises Refused."""
    try:
        with Image.open(io.BytesIO(body)) as opened:
            width, height = opened.size
    except Image.DecompressionBombError as error:
        raise Refused(f"over {2 * MAX_PIXELS} pixels, too many") from error
    except Exception as error:  # Pillow's readers raise many kinds on broken files
        begins = body[:200].lstrip().lower()
        raise Refused("HTML, not a picture" if begins.startswith((b"<!doctype html", b"<html")) else
                      "not a readable picture" if body else "an empty file") from error
    if width * height > MAX_PIXELS:
        raise Refused(f"{width} x {height} pixels, too many")
    if min(width, height) < min_side:
        raise Refused(f"{width} x {height} pixels, smaller than {min_side}")
    try:
        pixels = picture.read(body)
    except PipelineError as error:
        raise Refused(f"a damaged picture: {error.cause.rpartition(': ')[2]}") from error
    image = Image.fromarray(pixels)
    image.thumbnail((max_side, max_side), Image.LANCZOS)
    buffer = io.BytesIO()
    image.save(buffer, "JPEG", quality=QUALITY, optimize=True)
    return PreparedPhoto(buffer.getvalue(), image.width, image.height, hashlib.sha256(body).hexdigest(),
                         duplicates.fingerprint(pixels))


class Store:
    """The folder of a collection, and what is known about each URL. Only one process may use it at a time."""

    def __init__(self, out: pathlib.Path, near: int):
        self.out, self.near = out, near
        out.mkdir(parents=True, exist_ok=True)
        self.lock = (out / ".lock").open("w")
        try:
            fcntl.flock(self.lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            raise PipelineError(f"{out}: another process is collecting here", "wait for it, or name another --out") from None
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
        self._recover()

    def _recover(self) -> None:
        """Completes or deletes photos that an interrupted run has left half stored."""
        for place in self.places:
            part = _part(self.out / "photos" / place)
            if part.exists():
                part.replace(self.out / "photos" / place)
        for stray in (self.out / "photos").glob("*/.*.part"):
            stray.unlink()

    def keep(self, candidate: Candidate, photo: PreparedPhoto) -> None:
        """Stores a photo. Raises Refused if the folder has it already, under any label."""
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
        """Records that a URL gave no photo, and why."""
        self.settled.add(candidate.url)
        self.refused.append({"url": candidate.url, "label": candidate.label, "reason": refusal.reason,
                             "again": "yes" if refusal.temporary else "no"})

    def close(self) -> None:
        """Lets other processes use the folder."""
        self.lock.close()


def _part(file: pathlib.Path) -> pathlib.Path:
    return file.with_name(f".{file.name}.part")


@dataclass
class Summary:
    """What a collection has. kept: photos by label. reasons: why the URLs of this run gave no photo, with their number."""

    kept: Counter
    reasons: Counter
    failed_searches: list[str]
    full: set[str]  # labels that have as many photos as were asked for


async def collect(request: Request, say: Callable[[str], None] = print) -> Summary:
    """Searches and fetches. URLs that earlier runs fetched or refused for good are not fetched again."""
    for label in {label for label, _ in request.searches} | {candidate.label for candidate in request.candidates}:
        check_label(label)
    store = Store(request.out, request.near)
    try:
        async with Client(request.policy) as client:
            found, failed = await _search(client, request, say)
            candidates = list({candidate.url: candidate for candidate in [*found[::-1], *request.candidates[::-1]]}.values())[::-1]
            reasons = await _fetch(client, store, request, candidates, say)
    finally:
        store.close()
    full = {label for label, count in store.counts.items() if count >= request.per_label}
    return Summary(store.counts, reasons, failed, full)


async def _search(client: Client, request: Request, say) -> tuple[list[Candidate], list[str]]:
    """(all candidates, descriptions of the searches that failed). Each source is asked one search at a time."""
    failed: list[str] = []

    async def ask(source: str) -> list[list[Candidate]]:
        found = []
        for label, phrase in request.searches:
            endpoint = request.endpoints[source]
            key = hashlib.sha256(repr((endpoint, phrase, request.licences, request.per_search)).encode()).hexdigest()[:12]
            file = request.out / "searches" / f"{source}-{label}-{key}.json"
            if file.exists():
                found.append(sources.from_json(file.read_text(encoding="utf-8")))
                continue
            listed: list[Candidate] = []
            try:
                async for candidate in sources.SEARCHES[source](client, endpoint, label, phrase, request.licences):
                    listed.append(candidate)
                    if len(listed) == request.per_search:
                        break
                file.parent.mkdir(exist_ok=True)
                _part(file).write_text(sources.to_json(listed), encoding="utf-8")
                _part(file).replace(file)  # only complete results are stored
            except Refused as refusal:
                failed.append(f"{source}, {phrase!r}: {refusal.reason}")
            say(f"{source} lists {count(len(listed), 'picture')} for {label}: {phrase!r}")
            found.append(listed)
        return found

    by_source = await asyncio.gather(*map(ask, request.sources)) if request.searches else []
    # alternate between sources, so that a label that fills quickly has photos from each
    return [candidate for searches in zip(*by_source) for turn in _turns(searches) for candidate in turn], failed


def _turns(lists) -> list[list[Candidate]]:
    """The first of each list, then the second of each, and so on."""
    return [[own[i] for own in lists if i < len(own)] for i in range(max(map(len, lists), default=0))]


async def _fetch(client: Client, store: Store, request: Request, candidates: list[Candidate], say) -> Counter:
    """Fetches until each label has its photos or no candidate is left; returns the reasons of those refused, counted.

    The URLs of each host are fetched in the order of the list."""
    reasons: Counter = Counter()
    under_way: Counter = Counter()
    waiting = [candidate for candidate in candidates if candidate.url not in store.settled]
    if len(waiting) < len(candidates):
        say(f"{len(candidates) - len(waiting)} of {count(len(candidates), 'address', 'addresses')} settled in earlier runs")
    total, done = len(waiting), 0

    async def one(candidate: Candidate) -> None:
        nonlocal done
        under_way[candidate.label] += 1
        try:
            answer = await client.get(candidate.url, ACCEPT, only=PHOTO_TYPES)
            photo = await asyncio.to_thread(prepare, answer.body, request.max_side, request.min_side)
            store.keep(candidate, photo)
        except Refused as refusal:
            store.refuse(candidate, refusal)
            reasons[_kind(refusal.reason)] += 1
        except OSError as error:
            raise PipelineError(f"{request.out}: {error}",
                                "free some space or fix the folder; the same command continues") from error
        finally:
            under_way[candidate.label] -= 1
        done += 1

    async def work(queue: list[Candidate], later: list[Candidate]) -> None:
        while queue:
            candidate = queue.pop(0)
            if store.counts[candidate.label] + under_way[candidate.label] >= request.per_label:
                later.append(candidate)  # needed only if one that is being fetched fails
            else:
                await one(candidate)

    async def tell() -> None:
        while True:
            await asyncio.sleep(15)
            say(f"  {count(store.counts.total(), 'photo')} kept, {reasons.total()} refused, {total - done} to go")

    teller = asyncio.create_task(tell())
    try:
        while waiting := [candidate for candidate in waiting if store.counts[candidate.label] < request.per_label]:
            queues: dict[str, list[Candidate]] = {}
            for candidate in waiting:
                queues.setdefault(urllib.parse.urlsplit(candidate.url).netloc, []).append(candidate)
            later: list[Candidate] = []
            async with asyncio.TaskGroup() as workers:
                for queue in queues.values():
                    for _ in range(min(request.policy.per_host, len(queue))):
                        workers.create_task(work(queue, later))
            waiting = later
    except* PipelineError as group:
        raise group.exceptions[0] from None
    finally:
        teller.cancel()
    return reasons


def _kind(reason: str) -> str:
    """A reason without its details, for counting."""
    for beginning in ("the same file", "the same picture", "no complete answer", "no connection", "the connection broke",
                      "a damaged picture", "the server answers", "the server sends", "robots.txt could not be read",
                      "not a web address"):
        if reason.startswith(beginning):
            return reason[:len(beginning) + 4] if beginning == "the server answers" else beginning
    return "forbidden by robots.txt" if "robots.txt" in reason else "too small or too large" if "pixels" in reason or (
        "bytes" in reason) else reason
