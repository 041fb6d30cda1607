"""Where photos are found: Openverse, Wikimedia Commons, and files of URLs.

Each source yields `Candidate`s, with what is worth recording of a picture's origin. The two searches are used as their
documentation asks: Openverse's API v1 (https://api.openverse.org/v1/; without a key 20 results per page and 20 requests per
minute), MediaWiki's action API (https://www.mediawiki.org/wiki/API:Etiquette: one request at a time, with maxlag).
"""
import csv
import html.parser
import json
import pathlib
import urllib.parse
from collections.abc import AsyncIterator
from dataclasses import asdict, dataclass

from .. import spreadsheet
from ..errors import PipelineError
from .download import Answer, Client, Refused

OPENVERSE = "https://api.openverse.org/v1/images/"
COMMONS = "https://commons.wikimedia.org/w/api.php"
OPENVERSE_PAGE, OPENVERSE_PAUSE = 20, 3.0  # results per page and seconds between requests, for clients without a key
COMMONS_PAGE, COMMONS_PAUSE = 50, 1.0
COMMONS_WIDTH = 960  # pixels; one of the standard thumbnail widths, which Wikimedia has in store
PICTURES = ("image/jpeg", "image/png", "image/webp", "image/avif", "image/gif")


@dataclass(frozen=True)
class Candidate:
    """A picture that may be fetched. page: the web page that shows it. licence: as its source names it; empty if unknown."""

    label: str
    url: str
    source: str
    phrase: str = ""
    title: str = ""
    author: str = ""
    licence: str = ""
    licence_url: str = ""
    page: str = ""


def to_json(candidates: list[Candidate]) -> str:
    return json.dumps([asdict(candidate) for candidate in candidates], indent=0, ensure_ascii=False)


def from_json(text: str) -> list[Candidate]:
    return [Candidate(**entry) for entry in json.loads(text)]


async def openverse(client: Client, endpoint: str, label: str, phrase: str, licences: str = "") -> AsyncIterator[Candidate]:
    """Candidates from Openverse. licences: "commercial", "modification", both with a comma, or empty for any open licence."""
    client.slow_down(endpoint, OPENVERSE_PAUSE if endpoint == OPENVERSE else 0)
    page = 1
    while True:
        query = {"q": phrase, "page": page, "page_size": OPENVERSE_PAGE} | ({"license_type": licences} if licences else {})
        try:
            answer = await _ask(client, endpoint, query)
        except Refused as refusal:
            if page > 1 and not refusal.temporary:
                return  # past the last page that this API gives out
            raise
        for result in answer.get("results") or []:
            if not result.get("url"):
                continue
            licence = f"{result.get('license') or ''} {result.get('license_version') or ''}".strip()
            yield Candidate(label, result["url"], f"openverse/{result.get('source') or result.get('provider') or 'unknown'}",
                            phrase, result.get("title") or "", result.get("creator") or "",
                            licence if licence.startswith(("cc0", "pdm")) or not licence else f"cc {licence}",
                            result.get("license_url") or "", result.get("foreign_landing_url") or "")
        if page >= (answer.get("page_count") or 0) or not answer.get("results"):
            return
        page += 1


async def commons(client: Client, endpoint: str, label: str, phrase: str, licences: str = "") -> AsyncIterator[Candidate]:
    """Candidates from Wikimedia Commons. licences: not used; all of Commons may be used commercially and modified."""
    client.slow_down(endpoint, COMMONS_PAUSE if endpoint == COMMONS else 0)
    query = {"action": "query", "format": "json", "formatversion": 2, "maxlag": 5,
             "generator": "search", "gsrsearch": f"filetype:bitmap {phrase}", "gsrnamespace": 6, "gsrlimit": COMMONS_PAGE,
             "prop": "imageinfo", "iiprop": "url|mime|extmetadata", "iiurlwidth": COMMONS_WIDTH,
             "iiextmetadatafilter": "Artist|LicenseShortName|LicenseUrl"}
    while True:
        answer = await _ask(client, endpoint, query)
        pages = sorted(answer.get("query", {}).get("pages", []), key=lambda page: page.get("index", 0))
        for page in pages:
            for info in page.get("imageinfo", []):
                if info.get("mime") not in PICTURES:
                    continue
                about = {key: plain(str(entry.get("value", ""))) for key, entry in info.get("extmetadata", {}).items()}
                yield Candidate(label, info.get("thumburl") or info["url"], "commons", phrase, page.get("title", ""),
                                about.get("Artist", ""), about.get("LicenseShortName", ""), about.get("LicenseUrl", ""),
                                info.get("descriptionurl", ""))
        if "continue" not in answer:
            return
        query |= answer["continue"]


SEARCHES = {"openverse": openverse, "commons": commons}
ENDPOINTS = {"openverse": OPENVERSE, "commons": COMMONS}


async def _ask(client: Client, endpoint: str, query: dict) -> dict:
    return await client.get(f"{endpoint}?{urllib.parse.urlencode(query)}", "application/json", robots=False, read=_object)


def _object(answer: Answer) -> dict:
    """The JSON object of an answer. Raises Refused, also for errors that MediaWiki reports with status 200."""
    try:
        content = json.loads(answer.body)
    except ValueError:
        raise Refused("the answer is not JSON", temporary=True) from None
    if not isinstance(content, dict):
        raise Refused("the answer is not a JSON object", temporary=True)
    if isinstance(error := content.get("error"), dict):
        raise Refused(f"the server answers: {error.get('info') or error.get('code')}",
                      temporary=error.get("code") in ("maxlag", "ratelimited", "readonly"))
    return content


class _TextExtractor(html.parser.HTMLParser):
    def __init__(self):
        super().__init__()
        self.parts: list[str] = []

    def handle_data(self, data):
        self.parts.append(data)


def plain(markup: str) -> str:
    """The text of a piece of HTML, on one line."""
    parser = _TextExtractor()
    parser.feed(markup)
    parser.close()
    return " ".join("".join(parser.parts).split())


def from_list(file: pathlib.Path, label: str | None = None) -> list[Candidate]:
    """Candidates from a CSV with a column `url` and any of label, source, title, author, licence, licence_url, page; or from
    a file with one URL per line. label: of those without one in the file. Raises PipelineError."""
    try:
        text = spreadsheet.decode(file.read_bytes())
    except (OSError, UnicodeDecodeError) as error:
        raise PipelineError(f"{file}: {error}", "name a CSV file in UTF-8 with a column url") from error
    try:
        rows = [(number, {name.lower(): cell for name, cell in row.items()}) for number, row in spreadsheet.parse(text, ("url",))]
    except KeyError:
        rows = [(number, {"url": line}) for number, line in enumerate(text.split("\n"), 1) if line.strip()]
    except csv.Error as error:
        raise PipelineError(f"{file}: {error}", "give a CSV file with a column url, or one URL per line") from error
    candidates = []
    for number, row in rows:
        own = (row.get("label") or label or "").strip()
        if not own:
            raise PipelineError(f"{file}, row {number}: no label", f"add a column label, or give --urls LABEL={file}")
        known = {key: row[key].strip() for key in ("title", "author", "licence", "licence_url", "page") if row.get(key)}
        candidates.append(Candidate(own, row["url"].strip(), (row.get("source") or file.name).strip(), **known))
    if not candidates:
        raise PipelineError(f"{file}: it has no URL", "give a CSV file with a column url, or one URL per line")
    return candidates
