"""Fetching from other people's servers without being a burden to them.

One client for everything that is fetched: it names itself, asks each host's robots.txt, keeps a pause between two
requests to a host, waits as long as a host asks it to (Retry-After), tries again what may pass, and stops what never ends.
Timings are in seconds, sizes in bytes.
"""
import asyncio
import email.utils
import random
import time
import urllib.parse
import urllib.robotparser
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TypeVar

import aiohttp

from ..errors import PipelineError

T = TypeVar("T")

AGENT = "clothing-model-collect"
ROBOTS_BYTES = 500 * 1024  # as much of a robots.txt as RFC 9309 asks to read
REDIRECTS = (301, 302, 303, 307, 308)
PASSING = (408, 425, 429, 500, 502, 503, 504)  # answers that another try may change


class Refused(Exception):
    """A URL that gave nothing. `passing`: it may work another day."""

    def __init__(self, reason: str, passing: bool = False):
        super().__init__(reason)
        self.reason, self.passing = reason, passing


@dataclass(frozen=True)
class Manners:
    """pause: between two requests to a host, unless its robots.txt asks for more. together: requests to one host at a
    time, of `parallel` in all. tries: of one URL. patience: the longest that a host's Retry-After is waited for. backoff: before the second
    try; each further one waits twice as long."""

    contact: str = ""
    pause: float = 0.5
    together: int = 2
    parallel: int = 8
    tries: int = 4
    backoff: float = 1.0
    patience: float = 120.0
    connect: float = 15.0
    silence: float = 20.0  # without a byte
    whole: float = 60.0  # for one body
    redirects: int = 5
    most: int = 20_000_000

    @property
    def agent(self) -> str:
        return f"{AGENT}/1.0 ({self.contact})" if self.contact else f"{AGENT}/1.0"


@dataclass
class Host:
    together: int
    pause: float
    next: float = 0.0  # time.monotonic() before which nothing is asked
    robots: asyncio.Future | None = None
    turn: asyncio.Lock = field(default_factory=asyncio.Lock)

    def __post_init__(self):
        self.places = asyncio.Semaphore(self.together)


@dataclass(frozen=True)
class Answer:
    url: str  # where the redirects ended
    body: bytes
    headers: dict[str, str]


class Client:
    """Use as `async with Client(manners) as client`."""

    def __init__(self, manners: Manners):
        self.manners = manners
        self.hosts: dict[str, Host] = {}
        self.places = asyncio.Semaphore(manners.parallel)

    async def __aenter__(self) -> "Client":
        limits = aiohttp.ClientTimeout(total=None, sock_connect=self.manners.connect, sock_read=self.manners.silence)
        self.session = aiohttp.ClientSession(headers={"User-Agent": self.manners.agent}, timeout=limits,
                                             connector=aiohttp.TCPConnector(limit=0))
        return self

    async def __aexit__(self, *_) -> None:
        await self.session.close()

    def host(self, url: str) -> Host:
        origin = _origin(url)
        if origin not in self.hosts:
            self.hosts[origin] = Host(self.manners.together, self.manners.pause)
        return self.hosts[origin]

    def slow_down(self, url: str, pause: float, together: int = 1) -> None:
        """What a host's owner asks of its users beyond good manners."""
        host = self.host(url)
        host.pause = max(host.pause, pause)
        if together < host.together:
            host.together, host.places = together, asyncio.Semaphore(together)

    async def get(self, url: str, accept: str = "*/*", robots: bool = True, only: tuple[str, ...] = (),
                  read: Callable[["Answer"], T] = lambda answer: answer) -> T:
        """What `read` makes of the answer at `url`. Raises Refused, as `read` may.

        robots: False for an interface that is meant for programs. only: beginnings of the content types that are worth
        reading; without one anything is.
        """
        for attempt in range(1, self.manners.tries + 1):
            try:
                return read(await self._follow(url, accept, robots, only))
            except Refused as refusal:
                if not refusal.passing or attempt == self.manners.tries:
                    raise
                wait = self.manners.backoff * 2 ** (attempt - 1)
                await asyncio.sleep(wait * random.uniform(0.75, 1.25))  # so that failures together do not return together
        raise AssertionError("every try returns or raises")

    async def _follow(self, url: str, accept: str, robots: bool, only: tuple[str, ...]) -> Answer:
        seen = set()
        while True:
            parts = urllib.parse.urlsplit(url)
            if parts.scheme not in ("http", "https") or not parts.hostname:
                raise Refused(f"not an address of the web: {url[:100]}")
            if robots and not await self._allowed(url):
                raise Refused(f"{parts.hostname} asks programs not to fetch this (robots.txt)")
            if url in seen:
                raise Refused("redirects in a circle")
            seen.add(url)
            if len(seen) > self.manners.redirects + 1:
                raise Refused(f"more than {self.manners.redirects} redirects")
            answer = await self._once(url, accept, only)
            if isinstance(answer, Answer):
                return answer
            url = urllib.parse.urljoin(url, answer)

    async def _once(self, url: str, accept: str, only: tuple[str, ...]) -> Answer | str:
        """One request in the host's turn: the answer, or where it redirects to."""
        host = self.host(url)
        async with host.places:
            async with host.turn:  # one after the other: each sets the time of the next
                while (wait := host.next - time.monotonic()) > 0:
                    if wait > self.manners.patience:
                        raise Refused(f"the server asks to come back in {wait:.0f} s", passing=True)
                    await asyncio.sleep(wait)
                host.next = time.monotonic() + host.pause
            try:
                async with self.places, asyncio.timeout(self.manners.whole):
                    async with self.session.get(url, headers={"Accept": accept}, allow_redirects=False) as response:
                        return await self._read(response, host, only)
            except TimeoutError:  # also aiohttp's own for connecting and for silence
                raise Refused(f"no whole answer within {self.manners.whole:.0f} s, "
                              f"or no sign of life for {self.manners.silence:.0f} s", passing=True) from None
            except aiohttp.ClientConnectorError as error:
                raise Refused(f"no connection: {error.os_error.strerror or error}", passing=True) from error
            except aiohttp.InvalidURL as error:
                raise Refused("not an address of the web") from error
            except (aiohttp.ClientError, OSError, ValueError) as error:  # aiohttp lets some ValueErrors of odd headers out
                raise Refused(f"the connection broke: {error or type(error).__name__}", passing=True) from error

    async def _read(self, response: aiohttp.ClientResponse, host: Host, only: tuple[str, ...]) -> Answer | str:
        status, headers = response.status, response.headers
        if status in REDIRECTS:
            if "Location" not in headers:
                raise Refused("redirects to nowhere")
            return headers["Location"]
        if (wait := retry_after(headers.get("Retry-After"))) is not None:  # MediaWiki sends it even with status 200
            host.next = max(host.next, time.monotonic() + wait)
        if status != 200:
            raise Refused(f"the server answers {status} {response.reason or ''}".rstrip(), passing=status in PASSING)
        kind = headers.get("Content-Type", "").partition(";")[0].strip().lower()
        if only and kind and not kind.startswith(only):
            raise Refused(f"the server sends {kind}, not a picture")
        if (response.content_length or 0) > self.manners.most:
            raise Refused(f"{response.content_length} bytes, over {self.manners.most}")
        body = bytearray()
        async for chunk in response.content.iter_chunked(65536):
            body += chunk
            if len(body) > self.manners.most:
                raise Refused(f"over {self.manners.most} bytes")
        return Answer(str(response.url), bytes(body), {key.lower(): value for key, value in headers.items()})

    async def _allowed(self, url: str) -> bool:
        host = self.host(url)
        if host.robots is None:
            host.robots = asyncio.ensure_future(self._robots(url))
        rules = await asyncio.shield(host.robots)  # one who gives up must not take the answer from the others
        return rules.can_fetch(AGENT, url)

    async def _robots(self, url: str) -> urllib.robotparser.RobotFileParser:
        """RFC 9309: where there is no such file everything is allowed, where the server is in trouble nothing."""
        rules = urllib.robotparser.RobotFileParser()
        try:
            answer = await self.get(urllib.parse.urljoin(_origin(url), "/robots.txt"), "text/plain", robots=False)
            rules.parse(answer.body[:ROBOTS_BYTES].decode("utf-8", "replace").splitlines())
        except Refused as refusal:
            if refusal.passing:
                raise Refused(f"robots.txt could not be read: {refusal.reason}", passing=True) from refusal
            rules.allow_all = True
        rules.modified()
        delay = rules.crawl_delay(AGENT)
        if delay:
            self.slow_down(url, min(float(delay), self.manners.patience))
        return rules


def _origin(url: str) -> str:
    parts = urllib.parse.urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}"


def retry_after(value: str | None) -> float | None:
    """Seconds from the header's number or date; None where it says nothing."""
    if not value:
        return None
    if value.strip().isdigit():
        return float(value)
    try:
        return max(0.0, email.utils.parsedate_to_datetime(value).timestamp() - time.time())
    except ValueError:
        return None


def check_contact(contact: str) -> str:
    """Servers want to reach the person behind a program; a mail address or a page will do."""
    if "@" not in contact and not contact.startswith(("http://", "https://")):
        raise PipelineError(f"--contact {contact!r}: no mail address or page" if contact else "no --contact was given",
                            "name one with --contact: Wikimedia and others refuse programs that do not tell whose they are")
    if not contact.isprintable() or not contact.isascii():
        raise PipelineError(f"--contact {contact!r}: it has characters that a header cannot carry", "use plain letters")
    return contact
