"""A local web server that plays image hosts, with the faults that real ones have, and the two search APIs.

The search results have the format of Openverse's API v1 and of MediaWiki's action API.
"""
import asyncio
import contextlib
import io
import threading
from collections import Counter

import numpy as np
from aiohttp import web
from PIL import Image

FAULTS = ("missing", "gone", "broken", "html", "html-as-jpeg", "truncated", "text", "empty", "tiny", "endless", "huge", "loop",
          "chain", "nowhere", "silent", "reset", "forbidden", "unresolved", "script", "again")


def picture(number: int, side: int = 120, quality: int = 90) -> bytes:
    """A JPEG that differs for each number."""
    rng = np.random.default_rng(number)
    coarse = Image.fromarray(rng.integers(0, 255, (20, 20, 3), np.uint8))
    buffer = io.BytesIO()
    coarse.resize((side * 4 // 3, side), Image.BICUBIC).save(buffer, "JPEG", quality=quality)
    return buffer.getvalue()


class Web:
    """The server. It answers on every loopback address, each of which is a host of its own.

    asked: number of requests by path. files: further content that is served, by name.
    """

    def __init__(self):
        self.asked: Counter = Counter()
        self.agents: set[str] = set()
        self.times: list[float] = []
        self.busy = 0  # this many more requests are asked to retry later
        self.pages: dict[str, int] = {}  # by phrase, the number of the first photo that a search finds
        self.files: dict[str, bytes] = {}

    def url(self, path: str, host: int = 1) -> str:
        return f"http://127.0.0.{host}:{self.port}/{path}"

    @web.middleware
    async def _count(self, request, handler):
        self.asked[request.path] += 1
        self.agents.add(request.headers.get("User-Agent", ""))
        self.times.append(asyncio.get_running_loop().time())
        return await handler(request)

    async def _photo(self, request):
        number = int(request.match_info["number"])
        if self.busy:
            self.busy -= 1
            return web.Response(status=429, headers={"Retry-After": "1"})
        if number % 10 == 3:
            await asyncio.sleep(0.05)
        if number % 10 == 4:
            raise web.HTTPFound(f"/moved/{number}")
        if number % 50 == 7 and self.asked[request.path] == 1:
            return web.Response(status=503, headers={"Retry-After": "0"})
        kind = "application/octet-stream" if number % 10 == 5 else "image/jpeg"
        return web.Response(body=picture(number), content_type=kind)

    async def _moved(self, request):
        return web.Response(body=picture(int(request.match_info["number"])), content_type="image/jpeg")

    async def _copy(self, request):
        number = int(request.match_info["number"])
        body = picture(number) if request.match_info["kind"] == "same" else picture(number, 200, 60)
        return web.Response(body=body, content_type="image/jpeg")

    async def _fault(self, request):
        number, whole = int(request.match_info["number"]), picture(int(request.match_info["number"]))
        match request.match_info["kind"]:
            case "missing":
                raise web.HTTPNotFound
            case "gone":
                raise web.HTTPGone
            case "broken":
                raise web.HTTPInternalServerError
            case "html":
                return web.Response(text="<!doctype html><title>Sorry</title>", content_type="text/html")
            case "html-as-jpeg":
                return web.Response(text="<html><body>Sorry</body></html>", content_type="image/jpeg")
            case "truncated":
                return web.Response(body=whole[:len(whole) * 2 // 3], content_type="image/jpeg")
            case "text":
                return web.Response(text="no picture", content_type="image/png")
            case "empty":
                return web.Response(body=b"", content_type="image/jpeg")
            case "tiny":
                return web.Response(body=picture(number, 24), content_type="image/jpeg")
            case "huge":
                return web.Response(body=b"\xff" * 3_000_000, content_type="image/jpeg")
            case "endless":
                response = web.StreamResponse(headers={"Content-Type": "image/jpeg"})
                await response.prepare(request)
                with contextlib.suppress(ConnectionError):
                    while True:
                        await response.write(whole)
                        await asyncio.sleep(0.001)
                return response
            case "loop":
                raise web.HTTPFound(f"/fault/loop/{number}?{1 + int(request.query_string or 0) % 2}")
            case "chain":
                raise web.HTTPFound(f"/fault/chain/{number}?{1 + int(request.query_string or 0)}")
            case "nowhere":
                return web.Response(status=302)
            case "silent":
                await asyncio.sleep(60)
            case "reset":
                request.transport.abort()
            case "script":
                raise web.HTTPFound("javascript:alert(1)")
            case "again":
                return web.Response(status=429, headers={"Retry-After": "0"})
        return web.Response(body=whole, content_type="image/jpeg")

    async def _file(self, request):
        return web.Response(body=self.files[request.match_info["name"]], content_type="image/png")

    async def _robots(self, request):
        return web.Response(text="User-agent: *\nDisallow: /fault/forbidden/\n")

    async def _openverse(self, request):
        """Clients without a key get 20 results per page, and no page past the third."""
        query = request.query
        if int(query["page_size"]) > 20:
            return web.json_response({"detail": "Page size must be between 0 & 20."}, status=401)
        page, first = int(query["page"]), self.pages.get(query["q"], 1000)
        if page > 3:
            return web.json_response({"error": "InputError", "detail": "Invalid page depth."}, status=400)
        results = [{
            "id": f"4bc43a04-ef46-4544-a0c1-{number:012d}", "title": f"Photo {number}", "indexed_on": "2022-08-27T17:39:48Z",
            "foreign_landing_url": f"https://photos.example/{number}", "url": self.url(f"photo/{number}", 1 + number % 3),
            "creator": None if number % 7 == 0 else "Ada, \"the\nLens\"", "creator_url": "https://photos.example/ada",
            "license": "by-sa" if number % 2 else "cc0", "license_version": "2.0", "provider": "flickr", "source": "flickr",
            "license_url": "https://creativecommons.org/licenses/by-sa/2.0/", "category": None, "filesize": None,
            "filetype": None, "tags": [{"accuracy": None, "name": "hat", "unstable__provider": "flickr"}],
            "attribution": "...", "fields_matched": ["title"], "mature": False, "height": 120, "width": 160,
            "thumbnail": self.url(f"v1/images/{number}/thumb/"), "detail_url": "", "related_url": "",
            "unstable__sensitivity": [],
        } for number in range(first + 20 * (page - 1), first + 20 * page)]
        return web.json_response({"result_count": 240, "page_count": 12, "page_size": 20, "page": page, "results": results})

    async def _commons(self, request):
        query = request.query
        if self.asked[request.path] == 1:  # MediaWiki reports a lagging database with status 200
            return web.json_response({"error": {"code": "maxlag", "info": "Waiting for db1: 7 seconds lagged."}},
                                     headers={"Retry-After": "0"})
        offset = int(query.get("gsroffset", 0))
        pages = [{
            "pageid": number, "ns": 6, "title": f"File:Photo {number}.jpg", "index": number + 1, "imagerepository": "local",
            "imageinfo": [{
                "url": self.url(f"photo/{2000 + number}"), "mime": "image/svg+xml" if number == 2 else "image/jpeg",
                "thumburl": self.url(f"photo/{2000 + number}", 2), "thumbwidth": 960, "thumbheight": 720,
                "descriptionurl": f"https://commons.example/wiki/File:Photo_{number}.jpg",
                "extmetadata": {
                    "Artist": {"value": f'<a href="//commons.example/wiki/User:Bo"><b>Bo &amp; Co</b> {number}</a>', "source": "x"},
                    "LicenseShortName": {"value": "CC BY-SA 4.0", "source": "x", "hidden": ""},
                    "LicenseUrl": {"value": "https://creativecommons.org/licenses/by-sa/4.0", "source": "x"}},
            }],
        } for number in range(offset, offset + 10)]
        more = {"continue": {"gsroffset": offset + 10, "continue": "gsroffset||"}} if offset < 20 else {}
        return web.json_response({"batchcomplete": True, **more, "query": {"pages": pages[::-1]}})

    def __enter__(self) -> "Web":
        started = threading.Event()
        self.loop = asyncio.new_event_loop()

        async def start():
            app = web.Application(middlewares=[self._count])
            app.add_routes([web.get("/photo/{number}", self._photo), web.get("/moved/{number}", self._moved),
                            web.get("/copy/{kind}/{number}", self._copy), web.get("/fault/{kind}/{number}", self._fault),
                            web.get("/file/{name}", self._file), web.get("/robots.txt", self._robots), web.get("/v1/images/", self._openverse),
                            web.get("/w/api.php", self._commons)])
            self.runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
            await self.runner.setup()
            site = web.TCPSite(self.runner, "0.0.0.0", 0, backlog=512)
            await site.start()
            self.port = self.runner.addresses[0][1]
            started.set()

        def serve():
            asyncio.set_event_loop(self.loop)
            self.loop.run_until_complete(start())
            self.loop.run_forever()

        self.thread = threading.Thread(target=serve, daemon=True)
        self.thread.start()
        assert started.wait(10)
        return self

    def __exit__(self, *_):
        asyncio.run_coroutine_threadsafe(self.runner.cleanup(), self.loop).result(10)
        self.loop.call_soon_threadsafe(self.loop.stop)
        self.thread.join(10)
