// Keeps the page on the device, so that it opens and answers without a connection.
//
// One cache holds one version whole. It is filled while the worker installs, each file is checked against
// its digest, and the install fails unless all are there: what is served is never a mix of versions. A new
// version waits until the person agrees or has closed the page everywhere; then older caches are removed.
"use strict";

// The build puts the bundle's version and files here (tools/seal.sh):
// { version, files: [{ url, bytes, integrity }] }; the address "" is the page itself.
const BUNDLE = null;

const scope = new URL("./", location.href).href;
const prefix = `clothing-classifier ${scope} `; // other deployments may share the origin
const cacheName = prefix + BUNDLE.version;
const files = new Map(BUNDLE.files.map((file) => [new URL(file.url, scope).href, file]));
const total = BUNDLE.files.reduce((sum, file) => sum + file.bytes, 0);

// Photos that another app has handed over, until the page asks for them. They are never stored.
let shared = [];

addEventListener("install", (event) => event.waitUntil(install()));
addEventListener("activate", (event) => event.waitUntil(activate()));

addEventListener("message", (event) => {
  const { data, source } = event;
  if (data === "check") event.waitUntil(fill(true).catch(() => {}));
  if (data === "update") event.waitUntil(update(source));
  if (data === "take-shared") source.postMessage({ shared: shared.splice(0) });
});

addEventListener("fetch", (event) => {
  const { request } = event;
  const url = request.url.replace(/[?#].*/, "");
  if (request.method === "POST" && url === `${scope}share`) return event.respondWith(receive(request));
  if (request.method !== "GET" || !url.startsWith(scope)) return;
  const key = files.has(url) ? url : request.mode === "navigate" ? pageAt(url) : null;
  if (key) event.respondWith(kept(key).catch(() => null).then((response) => response ?? fetch(request)));
});

// The page that is meant, however a link spells its address: "about/", "about.html", "/about", "about/index.html"
// (as boot.js has it). Any address without an ending is the page's own: it shows that there is nothing.
function pageAt(url) {
  const path = url.slice(scope.length).replace(/\/{2,}/g, "/").replace(/^\//, "");
  const page = scope + `/${path}`.replace(/(\/index)?(\.html)?\/?$/, "").slice(1);
  return files.has(page) ? page : /\.[^/]*$/.test(page) ? null : scope;
}

async function kept(key) {
  return (await caches.open(cacheName)).match(key, { ignoreVary: true });
}

async function install() {
  const isFirst = !registration.active;
  try {
    await fill(isFirst);
  } catch (error) {
    if (error.name === "QuotaExceededError") await caches.delete(cacheName);
    throw error;
  }
}

async function activate() {
  for (const name of await caches.keys()) {
    if (name.startsWith(prefix) && name !== cacheName) await caches.delete(name);
  }
  await clients.claim();
  await tell("ready");
}

// Brings what the cache lacks: all of it at first, nothing as a rule later, the rest after an interruption.
async function fill(tellsPages) {
  const say = tellsPages ? tell : () => {};
  try {
    const cache = await caches.open(cacheName);
    let stored = 0;
    for (const [url, file] of files) {
      if (!(await cache.match(url, { ignoreVary: true }))) {
        await say({ preparing: { stored, total } });
        await cache.put(url, await download(url, file.integrity));
      }
      stored += file.bytes;
    }
    if (registration.active) await say("ready");
  } catch (error) {
    await say(error.name === "QuotaExceededError" ? { "no-room": { total } } : "interrupted");
    throw error;
  }
}

// From the browser's own cache where it is there; past it, should that hold something else.
function download(url, integrity) {
  return fetch(url, { integrity }).catch(() => fetch(url, { integrity, cache: "reload" }));
}

// Another tab may hold photos: its version is not taken away from under it.
async function update(asking) {
  const isOther = (page) => page.id !== asking.id && page.frameType === "top-level" && page.url.startsWith(scope);
  const pages = await clients.matchAll({ includeUncontrolled: true, type: "window" });
  if (pages.some(isOther)) asking.postMessage("other-tabs");
  else await skipWaiting();
}

async function receive(request) {
  const form = await request.formData();
  shared = form.getAll("photos").filter((part) => part instanceof File);
  return Response.redirect(`${scope}?shared`, 303);
}

async function tell(message) {
  for (const page of await clients.matchAll({ includeUncontrolled: true, type: "window" })) {
    if (page.url.startsWith(scope)) page.postMessage(message);
  }
}
