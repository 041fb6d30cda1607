// Says in words why the page cannot start, and holds what the browser says before it has started. Old syntax
// on purpose: this file must run in the browsers that cannot run the rest. Its name has no hash, so that it is
// still there to say so when the rest is gone from the server.
(function () {
  "use strict";
  var started = false;

  // A page has one address, however a link spells it: "/about", not "/about/", "/about.html", "//about" or
  // "/about/index.html". The service worker says so too (sw.js).
  var base = document.getElementsByTagName("base")[0].href.slice(location.origin.length);
  var path = location.pathname.replace(/\/{2,}/g, "/").replace(/(\/index)?(\.html)?\/?$/, "");
  if (path + "/" === base) path = base;
  var address = path + location.search + location.hash;
  if (location.pathname.indexOf(base) !== 0) {
    // The service worker keeps what is under the base only.
    if (path.indexOf(base) === 0) location.replace(address);
  } else if (path !== location.pathname) {
    // Where this is forbidden, as in some sandboxed frames, the address stays as it is.
    try { history.replaceState(null, "", address); } catch (_) {}
  }

  // In another site's frame there is no room for the page's own frame.
  if (path === base + "embed") document.documentElement.setAttribute("data-view", "embed");

  function show(id) {
    if (started) return;
    started = true;
    function reveal() {
      document.getElementById(id).hidden = false;
      var opening = document.getElementById("shell-loading");
      if (opening) opening.hidden = true;
    }
    if (document.readyState === "loading") document.addEventListener("DOMContentLoaded", reveal);
    else reveal();
  }

  // The smallest module with a SIMD instruction: (func (result v128) (i8x16.splat (i32.const 0)))
  var simd = [0, 97, 115, 109, 1, 0, 0, 0, 1, 5, 1, 96, 0, 1, 123, 3, 2, 1, 0, 10, 8, 1, 6, 0, 65, 0, 253, 15, 11];
  var able = typeof WebAssembly === "object" && "noModule" in document.createElement("script") &&
    WebAssembly.validate(new Uint8Array(simd));
  if (!able) show("old-browser");

  // Trunk's own event, after the page's code has run.
  addEventListener("TrunkApplicationStarted", function () {
    started = true;
    if (window.launchQueue) launchQueue.setConsumer(open);
  });
  addEventListener("unhandledrejection", function () { show("not-loaded"); });
  addEventListener("error", function () { show("not-loaded"); }, true);

  // A frame whose sandbox takes its origin may load this file and no other of the page (sws.toml).
  if (window.origin === "null" && location.protocol !== "file:") show("sandboxed");

  // Files with which the installed page is opened are as good as dropped on it. One that cannot be read any more
  // comes empty, so that the page says something of it.
  function open(launch) {
    var reading = launch.files.map(function (handle) {
      return handle.getFile().catch(function () { return new File([], handle.name); });
    });
    Promise.all(reading).then(function (files) {
      var data = new DataTransfer();
      files.forEach(function (file) { data.items.add(file); });
      if (files.length) dispatchEvent(new DragEvent("drop", { dataTransfer: data }));
    });
  }

  // The browser offers to install the page; src/app/offline.rs takes it up.
  addEventListener("beforeinstallprompt", function (event) {
    event.preventDefault();
    window.installPrompt = event;
  });
})();
