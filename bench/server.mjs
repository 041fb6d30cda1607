// A static file server on loopback.
import { createServer } from "node:http";
import { readFile } from "node:fs/promises";
import { extname, join, normalize } from "node:path";

const TYPES = {
  ".html": "text/html; charset=utf-8",
  ".js": "text/javascript",
  ".mjs": "text/javascript",
  ".css": "text/css",
  ".svg": "image/svg+xml",
  ".wasm": "application/wasm",
  ".webmanifest": "application/manifest+json",
};

// Browsers give threads and exact clocks only to cross-origin isolated pages.
const ISOLATED = { "cross-origin-opener-policy": "same-origin", "cross-origin-embedder-policy": "require-corp" };

// Serves `folders`, [[path prefix, folder], ...]; the first match wins. Paths under /isolated/ give the same files, cross-origin
// isolated.
export async function serve(folders) {
  const server = createServer(async (request, response) => {
    let path = normalize(decodeURIComponent(new URL(request.url, "http://localhost").pathname));
    const isolated = path.startsWith("/isolated/");
    if (isolated) path = path.slice("/isolated".length);
    if (path.endsWith("/")) path += "index.html";
    const [prefix, folder] = folders.find(([prefix]) => path.startsWith(prefix));
    try {
      const body = await readFile(join(folder, path.slice(prefix.length)));
      response.writeHead(200, {
        "content-type": TYPES[extname(path)] ?? "application/octet-stream",
        "content-length": body.length,
        "cache-control": "no-store",
        ...(isolated && ISOLATED),
      });
      response.end(body);
    } catch {
      response.writeHead(404).end();
    }
  });
  await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
  return { url: `http://127.0.0.1:${server.address().port}`, close: () => server.close() };
}
