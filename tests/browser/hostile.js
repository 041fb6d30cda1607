// Sends all kinds of hostile messages to the page in #frame, and returns all replies.
const frame = document.getElementById("frame").contentWindow;
const origin = new URL(document.getElementById("frame").src).origin;
const protocol = "clothing-classifier/1";
const said = [];
addEventListener("message", (event) => said.push(event.data));
const rest = (milliseconds) => new Promise((resolve) => setTimeout(resolve, milliseconds));
const channel = () => {
  const { port1, port2 } = new MessageChannel();
  port1.onmessage = (event) => said.push(event.data);
  return [port1, port2];
};

const cycle = { protocol, type: "classify" };
cycle.id = cycle;
let deep = {};
for (let level = 0; level < 2_000; level += 1) deep = { deep };
const photo = new Blob(["no photo"]);
const long = "x".repeat(50_000_000);

// Before the handshake: only messages of another version that bring a port may be answered.
const early = [
  null, undefined, 0, NaN, 10n ** 30n, "", long, true, [], {}, new Date(), /x/, new Map([["protocol", protocol]]), deep,
  cycle, photo, { protocol }, { protocol, type: "connect" }, { protocol, type: "classify", id: 1, photo },
  { protocol, type: "reset" }, { protocol: [protocol], type: "connect" }, { protocol: long, type: "connect" },
  { type: "connect" }, { protocol: "clothing-classifier/2", type: "connect" },
];
for (const message of early) frame.postMessage(message, origin);
for (const message of early.filter((message) => !(message?.protocol === protocol && message.type === "connect"))) {
  frame.postMessage(message, origin, [channel()[1]]);
}
// From a window that is not the parent.
const other = document.body.appendChild(document.createElement("iframe"));
const script = other.contentDocument.createElement("script");
script.textContent = `
  const { port1, port2 } = new MessageChannel();
  port1.onmessage = (event) => parent.postMessage({ stolen: event.data }, "*");
  parent.document.getElementById("frame").contentWindow.postMessage(
    { protocol: "${protocol}", type: "connect" }, "*", [port2]);`;
other.contentDocument.body.append(script);
await rest(500);

// Only the first port counts.
const [port, given] = channel();
frame.postMessage({ protocol, type: "connect" }, origin, [given]);
const [second, unheeded] = channel();
frame.postMessage({ protocol, type: "connect" }, origin, [unheeded]);
second.postMessage({ protocol, type: "classify", id: 666, photo });
await rest(500);
const classify = { protocol, type: "classify", id: 1, photo };
const late = [
  ...early.filter((message) => message?.type !== "reset"), { ...classify, id: -1 }, { ...classify, id: 1.5 }, { ...classify, id: 2 ** 32 }, { ...classify, id: "1" },
  { ...classify, id: null }, { ...classify, id: undefined }, { ...classify, photo: null }, { ...classify, photo: [] },
  { ...classify, photo: "file:///etc/passwd" }, { ...classify, photo: "https://example.org/a.jpg" },
  { ...classify, photo: { size: 1, type: "image/png" } }, { ...classify, photo: new ArrayBuffer(8) },
  { ...classify, photo: new ImageData(1, 1) }, { ...classify, name: long }, { ...classify, name: {} },
  { ...classify, name: 7 }, { protocol, type: "options" }, { protocol, type: "options", options: {} },
  { protocol, type: "options", options: long }, { protocol, type: "options", options: "theme=<script>&accent=url(x)" },
  { protocol, type: "__proto__" }, { protocol, type: "constructor" }, { protocol, type: "photos" },
  { protocol, type: "eval", code: "alert(1)" }, { protocol, type: "navigate", url: "https://example.org" },
  { protocol, type: { toString: "classify" } }, { protocol, type: long }, { ...classify, protocol: "clothing-classifier/9" },
  { ...classify, id: 77 },
];
for (const message of late) port.postMessage(message);
// The last message gets an answer, so all others have been read by then.
for (let waited = 0; waited < 60 && !said.some((data) => data?.id === 77); waited += 1) await rest(500);
await rest(500);
return said.filter((data) => data?.type !== "hello");
