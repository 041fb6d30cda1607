// <clothing-classifier>: asks what garment a photo shows, inside any page. embed.d.ts says how it is used.
//
// A placeholder is painted at once. Near the viewport, or when it is used, the element opens the page `embed`
// beside this script in a frame. The frame says hello, the element answers with one end of a channel, and all
// else goes through that: src/embed/message.rs has what is said. Photos go to the frame only, answers come back.
const PROTOCOL = "clothing-classifier/1";
const PATIENCE = 30_000; // milliseconds for the frame to open
const TALLEST = 4_000; // pixels that a frame may ask for
const page = new URL("embed", import.meta.url);
const FLAGS = ["multiple", "compact", "samples"];
const group = Math.random().toString(36).slice(2); // all elements here share one engine

// Not a <style>: pages may forbid that. Only `display` is forced; the rest gives way to the page's own rules.
const style = new CSSStyleSheet();
style.replaceSync(`
  :host { display: block !important; max-width: 40rem; }
  :host([hidden]:not([hidden="false"])) { display: none !important; }
  .box {
    all: initial; position: relative; display: block; overflow: hidden; box-sizing: border-box;
    height: var(--clothing-classifier-height, 24rem);
    border: var(--clothing-classifier-border, 1px solid #8886);
    border-radius: var(--clothing-classifier-radius, 14px);
    background: Canvas; color: CanvasText; color-scheme: light dark;
    font: var(--clothing-classifier-font, 1rem/1.5 system-ui, sans-serif);
  }
  :host([compact]:not([compact="false"])) .box { height: var(--clothing-classifier-height, 12rem); }
  :host([theme="light"]) .box { color-scheme: light; }
  :host([theme="dark"]) .box { color-scheme: dark; }
  button {
    all: unset; position: absolute; inset: 0; display: grid; place-content: center; justify-items: center;
    gap: .75em; padding: 1em; text-align: center; cursor: pointer;
  }
  button:focus-visible { outline: 3px solid; outline-offset: -6px; border-radius: inherit; }
  .pill { padding: .6em 1.3em; border-radius: 9em; background: CanvasText; color: Canvas; font-weight: 600; }
  .box > small { position: absolute; inset: auto 1em 1em; text-align: center; pointer-events: none; }
  iframe { position: absolute; width: 100%; height: 100%; border: 0; visibility: hidden; }
  .open iframe { visibility: visible; }
  .open button { visibility: hidden; }
  slot[name=footer]::slotted(*) { display: block; margin-top: .5rem; }
`);
// No markup either, for pages with Trusted Types.
const make = (tag, properties, ...children) => {
  const element = Object.assign(document.createElement(tag), properties);
  element.append(...children);
  return element;
};

/** Why there is no answer: `code` for programs, the rest for people. */
export class ClassifierError extends Error {
  name = "ClassifierError";
  constructor(code, reason, remedy, file) {
    super(`${reason} ${remedy}`);
    Object.assign(this, { code, reason, remedy, file });
  }
}

const unfit = (what) => new ClassifierError("argument", `classify() takes no ${what}.`,
  "Pass one file, blob, buffer, image, canvas, video or address.");
const unreadable = (what, file) => new ClassifierError("unreadable", `${what}.`,
  "Have its server allow that (CORS), or pass the file itself.", file);
const empty = (kind) => new ClassifierError("unreadable", `The ${kind} shows no picture.`, "Wait until it does.");

/** What is passed to `classify`, as a Blob and a name. Its tag tells what it is, from whichever window it comes. */
async function read(input) {
  const kind = Object.prototype.toString.call(input).slice(8, -1);
  if (kind === "Blob" || kind === "File") return [input, input.name];
  if (ArrayBuffer.isView(input) || kind.endsWith("ArrayBuffer")) {
    // A copy, since blobs take no shared memory.
    return [new Blob([new Uint8Array(input.buffer ?? input, input.byteOffset, input.byteLength).slice()])];
  }
  if (/^(HTML(Canvas|Video)Element|OffscreenCanvas|Image(Bitmap|Data)|VideoFrame)$/.test(kind)) {
    return [await draw(input, kind)];
  }
  const isImage = kind === "HTMLImageElement";
  if (!isImage && kind !== "String" && kind !== "URL") throw unfit(kind);
  const address = isImage ? input.currentSrc || input.src : String(input).trim();
  if (!address) throw isImage ? empty(kind) : unfit("empty address");
  let url;
  try {
    url = new URL(address, document.baseURI);
  } catch {
    throw unfit(`address like “${address}”`);
  }
  const name = url.protocol.startsWith("http") ? url.pathname.split("/").pop() : undefined;
  let why = "cannot be read from this page";
  // What the page has shown may be in the cache as its server sends it where no CORS is asked for: then anew.
  for (const cache of ["default", "reload"]) {
    try {
      const response = await fetch(url, { cache });
      if (response.ok) return [await response.blob(), name];
      why = `answers ${response.status}`;
      break;
    } catch {
      if (url.origin === origin) break; // the page's own policy
    }
  }
  if (isImage) return [await draw(input, kind, name), name];
  throw unreadable(`“${address.slice(0, 200)}” ${why}`, name);
}

/** What something shows, as a file. */
async function draw(input, kind, name) {
  try {
    const bitmap = await createImageBitmap(input);
    const { width, height } = bitmap;
    const context = new OffscreenCanvas(width, height).getContext("2d");
    context.fillStyle = "#fff"; // what is transparent
    context.fillRect(0, 0, width, height);
    context.drawImage(bitmap, 0, 0);
    bitmap.close();
    return await context.canvas.convertToBlob({ type: "image/jpeg", quality: 1 });
  } catch (error) {
    if (error.name === "InvalidStateError") throw empty(kind);
    throw unreadable(`What the ${kind} shows cannot be read from this page`, name);
  }
}

const isText = (value) => typeof value === "string";
const isWithin = (value, least, most) => typeof value === "number" && value >= least && value <= most;
const isShare = (value, ...texts) => texts.every((key) => isText(value?.[key])) && isWithin(value.probability, 0, 1);
const isPrediction = (value) => isShare(value, "label", "name") && typeof value.recognised === "boolean" &&
  (value.family === null || isShare(value.family, "id", "name")) &&
  Array.isArray(value.alternatives) && value.alternatives.every((other) => isShare(other, "label"));

export class ClothingClassifier extends HTMLElement {
  static observedAttributes = ["loading", "theme", "accent", "labels", ...FLAGS];

  #box;
  #note = make("small", { role: "status" }); // why it could not be opened
  #frame;
  #port;
  #timer;
  #takesFocus = false;
  #isReady = false;
  #ready;
  #resolveReady;
  #asked = 0;
  #asks = new Map(); // by number: what was asked and is not answered yet
  #near = new IntersectionObserver((entries) => {
    if (entries.some((entry) => entry.isIntersecting)) this.#open();
  }, { rootMargin: "200px" });

  constructor() {
    super();
    const root = this.attachShadow({ mode: "open" });
    root.adoptedStyleSheets = [style];
    const onclick = () => {
      this.#takesFocus = true;
      this.#open();
    };
    const words = [
      make("strong", {}, "What garment is this?"),
      make("span", { className: "pill" }, "Choose a photo"),
      make("small", {}, "The photo stays on your device."),
    ];
    const placeholder = make("slot", { name: "placeholder" }, ...words);
    const button = make("button", { type: "button", part: "placeholder", onclick }, placeholder);
    this.#box = make("div", { className: "box", part: "box" }, button, this.#note);
    root.append(
      make("div", { part: "label" }, make("slot", { name: "label" })),
      this.#box,
      make("div", { part: "footer" }, make("slot", { name: "footer" })),
    );
    this.#awaitReady();
  }

  connectedCallback() {
    // Set before this script had come.
    for (const name of ClothingClassifier.observedAttributes) {
      if (!Object.hasOwn(this, name)) continue;
      const value = this[name];
      delete this[name];
      this[name] = value;
    }
    addEventListener("message", this.#greet);
    addEventListener("securitypolicyviolation", this.#forbidden);
    if (this.loading === "eager" || this.#frame) this.#open();
    else this.#near.observe(this);
  }

  disconnectedCallback() {
    // One that is only moved opens its frame anew and is asked again.
    queueMicrotask(() => {
      if (this.isConnected) return;
      removeEventListener("message", this.#greet);
      removeEventListener("securitypolicyviolation", this.#forbidden);
      this.#close(new ClassifierError("removed", "The classifier was removed from the page.", "Add it again."));
    });
  }

  connectedMoveCallback() {} // moved by moveBefore(): the frame stays as it is

  attributeChangedCallback(name) {
    if (name === "loading" && this.isConnected && this.loading === "eager") this.#open();
    else this.#send({ type: "options", options: this.#options() });
  }

  get ready() {
    return this.#ready;
  }

  async classify(input) {
    const [photo, name] = await read(input);
    return new Promise((resolve, reject) => {
      if (!this.isConnected) {
        throw new ClassifierError("removed", "The classifier is not in a page.", "Add it to one first.", name);
      }
      const ask = { type: "classify", id: ++this.#asked, photo, name };
      this.#asks.set(ask.id, { ask, resolve, reject });
      this.#open();
      this.#send(ask);
    });
  }

  reset() {
    this.#drop(new ClassifierError("reset", "The classifier was reset.", "Ask again."));
    this.#send({ type: "reset" });
  }

  #awaitReady() {
    this.#isReady = false;
    this.#ready = new Promise((resolve) => (this.#resolveReady = resolve));
  }

  #options() {
    const options = new URLSearchParams();
    for (const name of ["theme", "accent", "labels"]) if (this[name]) options.set(name, this[name]);
    for (const name of FLAGS) if (this[name]) options.set(name, "");
    return options.toString();
  }

  #open() {
    this.#near.disconnect();
    if (this.#frame || !this.isConnected) return;
    this.#note.textContent = "";
    this.#frame = make("iframe", {
      part: "frame",
      sandbox: "allow-scripts allow-same-origin allow-downloads",
      src: `${page}?${this.#options()}&page=${group}`,
      title: this.title || this.ariaLabel || "What garment is this?",
      referrerPolicy: "no-referrer",
    });
    this.#box.append(this.#frame);
    // A page that may not look into its own new frame is sandboxed, and the frame with it: it could load nothing.
    if (origin === "null" && !this.#frame.contentDocument) {
      return this.#close(new ClassifierError("sandboxed", "The classifier cannot run in this sandboxed page.",
        "Add allow-same-origin to the sandbox."));
    }
    this.#box.ariaBusy = "true";
    const more = crossOriginIsolated ? ", and that its server sends cross-origin-embedder-policy" : "";
    this.#timer = setTimeout(() => this.#close(new ClassifierError("unreachable",
      "The classifier could not be opened.", `Check the connection${more}, then try again.`)), PATIENCE);
  }

  #forbidden = ({ blockedURI, disposition, effectiveDirective }) => {
    const isFrame = effectiveDirective === "frame-src" && blockedURI.startsWith(page.origin);
    if (!this.#frame || !isFrame || disposition !== "enforce") return;
    this.#close(new ClassifierError("forbidden", "This page’s policy forbids the classifier’s frame.",
      `Add ${page.origin} to its frame-src.`));
  };

  #close(error) {
    this.#near.disconnect();
    clearTimeout(this.#timer);
    this.#port?.close();
    this.#frame?.remove();
    this.#port = this.#frame = undefined;
    this.#box.classList.remove("open");
    this.#box.style.height = "";
    this.#box.ariaBusy = null;
    if (this.#isReady) this.#awaitReady();
    if (error.code !== "removed") {
      this.#note.textContent = error.message;
      if (!this.#asks.size) this.#emit("error", error);
    }
    this.#drop(error);
  }

  #drop(error) {
    const asks = [...this.#asks.values()];
    this.#asks.clear();
    for (const { reject } of asks) reject(error);
    if (asks.length) this.#emit("error", error);
  }

  #send(message) {
    this.#port?.postMessage({ protocol: PROTOCOL, ...message });
  }

  #emit(type, detail) {
    this.dispatchEvent(new CustomEvent(type, { detail, bubbles: true, composed: true }));
  }

  /** Answers our own frame's hello, and nobody else's. */
  #greet = ({ source, origin, data }) => {
    if (!this.#frame || source !== this.#frame.contentWindow || origin !== page.origin) return;
    if (data?.type !== "hello" || !isText(data.protocol)) return;
    if (data.protocol !== PROTOCOL) {
      return this.#close(new ClassifierError("version", "The classifier speaks another version than its script.",
        "Reload the page."));
    }
    this.#port?.close();
    const { port1, port2 } = new MessageChannel();
    port1.onmessage = (event) => this.#hear(event.data);
    this.#port = port1;
    source.postMessage({ protocol: PROTOCOL, type: "connect" }, origin, [port2]);
    this.#send({ type: "options", options: this.#options() });
    for (const { ask } of this.#asks.values()) this.#send(ask);
  };

  #hear(data) {
    if (data?.protocol !== PROTOCOL) return;
    const { type, id, file, height, phase, done, total, prediction } = data;
    const asked = this.#asks.get(id);
    if (type === "ready") {
      clearTimeout(this.#timer);
      this.#box.classList.add("open");
      this.#box.ariaBusy = null;
      if (this.#takesFocus) this.#frame.focus();
      this.#takesFocus = false;
      this.#isReady = true;
      this.#resolveReady();
      this.#emit("ready");
    } else if (type === "size" && isWithin(height, 1, TALLEST)) {
      // Never less than what was reserved for it.
      this.#box.style.height = `max(${Math.ceil(height) + 2}px, ${this.#reserved()})`;
    } else if (type === "progress" && isText(phase) && isWithin(done, 0, total)) {
      this.#emit("progress", { phase, done, total });
    } else if (type === "classified" && isPrediction(prediction) && isText(file)) {
      this.#asks.delete(id);
      asked?.resolve(prediction);
      this.#emit("classified", { ...prediction, file });
    } else if (type === "error" && isText(data.code) && isText(data.reason) && isText(data.remedy)) {
      const error = new ClassifierError(data.code, data.reason, data.remedy, isText(file) ? file : undefined);
      this.#asks.delete(id);
      asked?.reject(error);
      this.#emit("error", error);
    }
  }

  #reserved() {
    return `var(--clothing-classifier-height, ${this.compact ? 12 : 24}rem)`;
  }
}

const reflect = (name, get, set) => Object.defineProperty(ClothingClassifier.prototype, name, {
  get, set, enumerable: true, configurable: true,
});
for (const [name, initial] of Object.entries({ loading: "lazy", theme: "auto", accent: "", labels: "" })) {
  reflect(name, function () { return this.getAttribute(name) ?? initial; }, function (value) {
    if (value == null) this.removeAttribute(name);
    else this.setAttribute(name, value);
  });
}
// React before 19 writes multiple={false} as multiple="false".
const isOn = (value) => value === "" || !!value && value !== "false";
for (const name of FLAGS) {
  reflect(name, function () { return isOn(this.getAttribute(name)); }, function (value) {
    if (isOn(value)) this.setAttribute(name, "");
    else this.removeAttribute(name);
  });
}

customElements.get("clothing-classifier") ?? customElements.define("clothing-classifier", ClothingClassifier);
