"""Fetching from other people's servers without burdening them.

All requests go through one client. It identifies itself, obeys robots.txt, pauses between requests to the same host, waits
as long as a host asks for (Retry-After), retries temporary failures, and aborts downloads that are too long or too large.
Times are in seconds, sizes in bytes.
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
ROBOTS_BYTES = 500 * 1024  # the part of a robots.txt that RFC 9309 asks to read
REDIRECTS = (301, 302, 303, 307, 308)
TEMPORARY = (408, 425, 429, 500, 502, 503, 504)  # status codes after which another attempt may succeed


class Refused(Exception):
    """A URL that gave no photo, and why. temporary: it may work another day."""

    def __init__(self, reason: str, temporary: bool = False):
        super().__init__(reason)
        self.reason, self.temporary = reason, temporary


@dataclass(frozen=True)
class Policy:
    """How servers are treated, and when to give up."""

    contact: str = ""  # mail address or web page, sent with each request
    pause: float = 0.5  # between two requests to a host, unless its robots.txt asks for more
    per_host: int = 2  # simultaneous requests to one host
    parallel: int = 8  # simultaneous requests in all
    tries: int = 4  # per URL
    backoff: float = 1.0  # pause before the second attempt; it doubles before each further one
    max_wait: float = 120.0  # if a host's Retry-After asks for longer, the URL is given up
    connect_timeout: float = 15.0
    silence_timeout: float = 20.0  # without receiving anything
    body_timeout: float = 60.0  # for one response as a whole
    max_redirects: int = 5
    max_bytes: int = 20_000_000

    @property
    def agent(self) -> str:
        """The User-Agent header."""
        return f"{AGENT}/1.0 ({self.contact})" if self.contact else f"{AGENT}/1.0"


@dataclass
class Host:
    """What is known of a host, and the requests to it."""

    limit: int  # of simultaneous requests
    pause: float
    next: float = 0.0  # time.monotonic() of the earliest next request
    robots: asyncio.Future | None = None
    turn: asyncio.Lock = field(default_factory=asyncio.Lock)

    def __post_init__(self):
        self.slots = asyncio.Semaphore(self.limit)


@dataclass(frozen=True)
class Answer:
    """A server's answer. headers: by lower-case name."""

    url: str  # after all redirects
    body: bytes
    headers: dict[str, str]


class Client:
    """Use as `async with Client(policy) as client`."""

    def __init__(self, policy: Policy):
        self.policy = policy
        self.hosts: dict[str, Host] = {}
        self.slots = asyncio.Semaphore(policy.parallel)

    async def __aenter__(self) -> "Client":
        limits = aiohttp.ClientTimeout(total=None, sock_connect=self.policy.connect_timeout, sock_read=self.policy.silence_timeout)
        self.session = aiohttp.ClientSession(headers={"User-Agent": self.policy.agent}, timeout=limits,
                                             connector=aiohttp.TCPConnector(limit=0))
        return self

    async def __aexit__(self, *_) -> None:
        await self.session.close()

    def host(self, url: str) -> Host:
        """The host of a URL: scheme, name and port."""
        origin = _origin(url)
        if origin not in self.hosts:
            self.hosts[origin] = Host(self.policy.per_host, self.policy.pause)
        return self.hosts[origin]

    def slow_down(self, url: str, pause: float, limit: int = 1) -> None:
        """Applies stricter limits to the URL's host, because its owner asks for them."""
        host = self.host(url)
        host.pause = max(host.pause, pause)
        if limit < host.limit:
            host.limit, host.slots = limit, asyncio.Semaphore(limit)

    async def get(self, url: str, accept: str = "*/*", robots: bool = True, only: tuple[str, ...] = (),
                  read: Callable[["Answer"], T] = lambda answer: answer) -> T:
        """Fetches `url` and returns `read(answer)`. Raises Refused; `read` may raise it too.

        robots: whether to obey robots.txt; False for APIs, which are meant for programs. only: prefixes of the content types
        to accept; if empty, all are.
        """
        for attempt in range(1, self.policy.tries + 1):
            try:
                return read(await self._follow(url, accept, robots, only))
            except Refused as refusal:
                if not refusal.temporary or attempt == self.policy.tries:
                    raise
                wait = self.policy.backoff * 2 ** (attempt - 1)
                await asyncio.sleep(wait * random.uniform(0.75, 1.25))  # jitter, so that retries do not come all at once
        raise AssertionError("every attempt returns or raises")

    async def _follow(self, url: str, accept: str, robots: bool, only: tuple[str, ...]) -> Answer:
        seen = set()
        while True:
            parts = urllib.parse.urlsplit(url)
            if parts.scheme not in ("http", "https") or not parts.hostname:
                raise Refused(f"not a web address: {url[:100]}")
            if robots and not await self._allowed(url):
                raise Refused(f"{parts.hostname} asks programs not to fetch this (robots.txt)")
            if url in seen:
                raise Refused("redirects in a loop")
            seen.add(url)
            if len(seen) > self.policy.max_redirects + 1:
                raise Refused(f"more than {self.policy.max_redirects} redirects")
            answer = await self._once(url, accept, only)
            if isinstance(answer, Answer):
                return answer
            url = urllib.parse.urljoin(url, answer)

    async def _once(self, url: str, accept: str, only: tuple[str, ...]) -> Answer | str:
        """Makes one request when it is the host's turn: the answer, or the address it redirects to."""
        host = self.host(url)
        async with host.slots:
            async with host.turn:  # one at a time, since each sets the time of the next
                while (wait := host.next - time.monotonic()) > 0:
                    if wait > self.policy.max_wait:
                        raise Refused(f"the server asks to come back in {wait:.0f} s", temporary=True)
                    await asyncio.sleep(wait)
                host.next = time.monotonic() + host.pause
            try:
                async with self.slots, asyncio.timeout(self.policy.body_timeout):
                    async with self.session.get(url, headers={"Accept": accept}, allow_redirects=False) as response:
                        return await self._read(response, host, only)
            except TimeoutError:  # also aiohttp's own, for connecting and for silence
                raise Refused(f"no complete answer within {self.policy.body_timeout:.0f} s, "
                              f"or nothing received for {self.policy.silence_timeout:.0f} s", temporary=True) from None
            except aiohttp.ClientConnectorError as error:
                raise Refused(f"no connection: {error.os_error.strerror or error}", temporary=True) from error
            except aiohttp.InvalidURL as error:
                raise Refused("not a web address") from error
            except (aiohttp.ClientError, OSError, ValueError) as error:  # ValueError: aiohttp's, for some invalid headers
                raise Refused(f"the connection broke: {error or type(error).__name__}", temporary=True) from error

    async def _read(self, response: aiohttp.ClientResponse, host: Host, only: tuple[str, ...]) -> Answer | str:
        status, headers = response.status, response.headers
        if status in REDIRECTS:
            if "Location" not in headers:
                raise Refused("redirects without an address")
            return headers["Location"]
        if (wait := retry_after(headers.get("Retry-After"))) is not None:  # MediaWiki sends it even with status 200
            host.next = max(host.next, time.monotonic() + wait)
        if status != 200:
            raise Refused(f"the server answers {status} {response.reason or ''}".rstrip(), temporary=status in TEMPORARY)
        kind = headers.get("Content-Type", "").partition(";")[0].strip().lower()
        if only and kind and not kind.startswith(only):
            raise Refused(f"the server sends {kind}, not a picture")
        if (response.content_length or 0) > self.policy.max_bytes:
            raise Refused(f"{response.content_length} bytes, over {self.policy.max_bytes}")
        body = bytearray()
        async for chunk in response.content.iter_chunked(65536):
            body += chunk
            if len(body) > self.policy.max_bytes:
                raise Refused(f"over {self.policy.max_bytes} bytes")
        return Answer(str(response.url), bytes(body), {key.lower(): value for key, value in headers.items()})

    async def _allowed(self, url: str) -> bool:
        host = self.host(url)
        if host.robots is None:
            host.robots = asyncio.ensure_future(self._robots(url))
        rules = await asyncio.shield(host.robots)  # others wait for it too, so one cancelled request must not cancel it
        return rules.can_fetch(AGENT, url)

    async def _robots(self, url: str) -> urllib.robotparser.RobotFileParser:
        """RFC 9309: without such a file everything is allowed; if the server fails to answer, nothing is."""
        rules = urllib.robotparser.RobotFileParser()
        try:
            answer = await self.get(urllib.parse.urljoin(_origin(url), "/robots.txt"), "text/plain", robots=False)
            rules.parse(answer.body[:ROBOTS_BYTES].decode("utf-8", "replace").splitlines())
        except Refused as refusal:
            if refusal.temporary:
                raise Refused(f"robots.txt could not be read: {refusal.reason}", temporary=True) from refusal
            rules.allow_all = True
        rules.modified()
        delay = rules.crawl_delay(AGENT)
        if delay:
            self.slow_down(url, min(float(delay), self.policy.max_wait))
        return rules


def _origin(url: str) -> str:
    parts = urllib.parse.urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}"


def retry_after(value: str | None) -> float | None:
    """Seconds to wait, from the header's number or date; None if it has neither."""
    if not value:
        return None
    if value.strip().isdigit():
        return float(value)
    try:
        return max(0.0, email.utils.parsedate_to_datetime(value).timestamp() - time.time())
    except ValueError:
        return None


def check_contact(contact: str) -> str:
    """Returns the contact if it is a mail address or a web page, by which servers' owners can reach the user."""
    if "@" not in contact and not contact.startswith(("http://", "https://")):
        raise PipelineError(f"--contact {contact!r}: not a mail address or web page" if contact else "no --contact was given",
                            "give one with --contact: Wikimedia and others refuse programs that do not say whose they are")
    if not contact.isprintable() or not contact.isascii():
        raise PipelineError(f"--contact {contact!r}: it has characters that an HTTP header cannot hold", "use ASCII letters")
    return contact
