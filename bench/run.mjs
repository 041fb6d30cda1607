// run.mjs DIST RESULTS CHROMIUM [PHOTO]: compares the built bundle in DIST with onnxruntime-web, in headless CHROMIUM. Prints
// tables and writes RESULTS (JSON). The ratios matter: everything is measured in turns on the same machine.
//
// It runs in the folder that `npm install` prepared: see the Makefile's `bench`.
import { brotliCompressSync, constants } from "node:zlib";
import { mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { cpus, tmpdir } from "node:os";
import { dirname, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import puppeteer from "puppeteer-core";
import { serve } from "./server.mjs";

const [dist, results, chromium, small] = process.argv.slice(2).map((path) => resolve(path));
const here = dirname(fileURLToPath(import.meta.url));
const ROUNDS = 60;
const STARTS = 5;
const LARGE = [4032, 3024];

const scratch = mkdtempSync(join(tmpdir(), "bench-"));
process.on("exit", () => rmSync(scratch, { recursive: true }));
const server = await serve([
  ["/bench/files.json", join(scratch, "files.json")],
  ["/bench/ort/", join(here, "node_modules/onnxruntime-web/dist/")],
  ["/bench/", here],
  ["/", dist],
]);
const browser = await puppeteer.launch({
  executablePath: chromium,
  headless: true,
  args: [
    "--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync",
  ],
});

// A new page in a new browser context: nothing is cached or compiled yet.
async function visit(path, { script } = {}, use) {
  const context = await browser.createBrowserContext();
  const page = await context.newPage();
  page.on("pageerror", (error) => console.error(`${path}: ${error.message}`));
  if (script) await page.evaluateOnNewDocument(script);
  try {
    await page.goto(server.url + path);
    return await use(page);
  } finally {
    await context.close();
  }
}

const median = (values) => values.toSorted((a, b) => a - b)[values.length >> 1];
const ready = (page) => page.waitForFunction("window.ready");

// ---- what is compared

const block = /<script type="application\/json" id="engine-files">(.*?)<\/script>/s;
const named = JSON.parse(readFileSync(join(dist, "index.html"), "utf8").match(block)[1]);
const files = {
  engine: { script: `/${named.script.url}`, wasm: `/${named.wasm.url}` },
  model: `/${named.model.url}`,
  side: 0,
};
const describe = () => writeFileSync(join(scratch, "files.json"), JSON.stringify(files));
describe();
const info = await visit("/bench/inference.html?who=ours", {}, async (page) => {
  await ready(page);
  return JSON.parse(await page.evaluate("load().then(() => about())"));
});
Object.assign(files, { side: info.input_size, mean: info.mean, std: info.std, labels: info.labels.map(({ id }) => id) });
describe();

function weigh(...paths) {
  const all = paths.map((path) => readFileSync(path));
  const packed = (body) =>
    brotliCompressSync(body, {
      params: { [constants.BROTLI_PARAM_QUALITY]: 11, [constants.BROTLI_PARAM_LGWIN]: 24 },
    }).length;
  return {
    raw: all.reduce((sum, body) => sum + body.length, 0),
    brotli: all.reduce((sum, body) => sum + packed(body), 0),
  };
}
const ort = (file) => join(here, "node_modules/onnxruntime-web/dist", file);
const bytes = {
  ours: weigh(join(dist, named.script.url), join(dist, named.wasm.url)),
  peer: weigh(
    ort("ort.wasm.min.mjs"),
    ort("ort-wasm-simd-threaded.mjs"),
    ort("ort-wasm-simd-threaded.wasm"),
  ),
  model: weigh(join(dist, named.model.url)),
};

// ---- inference

console.error("... inference");

const inference = await visit("/isolated/bench/inference.html?who=all", {}, async (page) => {
  await page.waitForFunction("window.ready", { timeout: 120000 });
  const times = await page.evaluate(`compare(15, ${ROUNDS})`);
  const of = (name) => median(times.map((time) => time[name]));
  const ratio = (name) => median(times.map((time) => time.ours / time[name]));
  return {
    rounds: ROUNDS,
    milliseconds: { ours: of("ours"), peer1: of("peer1"), peer2: of("peer2") },
    ours_to_peer1: ratio("peer1"),
    ours_to_peer2: ratio("peer2"),
    largest_difference_of_logits: await page.evaluate("difference()"),
  };
});

// ---- start: load to ready, first inference, memory

console.error("... start");

const start = {};
for (let round = 0; round < STARTS; round++) {
  for (const who of ["ours", "peer1", "peer2"]) {
    const one = await visit(`/isolated/bench/inference.html?who=${who}`, {}, async (page) => {
      await ready(page);
      return page.evaluate(`(async () => {
        const [loaded, first] = [await load(), await infer()];
        for (let run = 0; run < 5; run++) await infer();
        return { loaded, first, memory: memory() };
      })()`);
    });
    (start[who] ??= []).push(one);
  }
}
for (const who in start) {
  start[who] = Object.fromEntries(
    ["loaded", "first", "memory"].map((what) => [what, median(start[who].map((one) => one[what]))]),
  );
}

// ---- cold start: from navigation to the first answer

console.error("... cold start");

const watch = readFileSync(join(here, "watch.js"), "utf8");
const answered = (page) =>
  page.waitForFunction("seen.answered !== null && seen", { timeout: 60000 }).then((seen) => seen.jsonValue());
const photo = readFileSync(small).toString("base64");
const cold = { ours: [], peer: [] };
for (let round = 0; round < STARTS; round++) {
  for (const [who, path, selector] of [
    ["ours", "/", "input[type=file]"],
    ["peer", "/bench/peer.html", "[data-ready] input[type=file]"],
  ]) {
    const script = `${watch}; pickAtOnce(${JSON.stringify(photo)}, ${JSON.stringify(selector)});`;
    cold[who].push((await visit(path, { script }, answered)).answered);
  }
}
for (const who in cold) cold[who] = median(cold[who]);

// ---- the way of a large photo

console.error("... a large photo");

const large = join(scratch, "large.jpg");
const drawn = await visit("/bench/peer.html", {}, (page) =>
  page.evaluate(`(${readFileSync(join(here, "draw.js"), "utf8").trim().replace(/;$/, "")})(${LARGE})`),
);
writeFileSync(large, Buffer.from(drawn, "base64"));

// Photos one after another in one page; the first ones are not counted.
async function way(path, selector) {
  const read = `(async (file) => {
    const start = performance.now();
    await file.arrayBuffer();
    return performance.now() - start;
  })(document.querySelector("input[type=file]").files[0])`;
  return visit(path, { script: watch }, async (page) => {
    const input = await page.waitForSelector(selector);
    const runs = [];
    for (let round = 0; round < 3 + STARTS; round++) {
      await page.evaluate(`Object.assign(seen, { picked: null, answered: null, longest: 0 });
        for (const done of document.querySelectorAll("[data-state=done]")) done.removeAttribute("data-state");`);
      await input.evaluate((input) => (input.value = "")); // otherwise the same file would not be a change
      await input.uploadFile(large);
      const seen = await answered(page);
      const took = seen.answered - seen.picked;
      runs.push({ took, longest: seen.longest, ...seen.milliseconds });
    }
    const counted = runs.slice(3);
    const whole = Object.fromEntries(
      Object.keys(counted[0]).map((what) => [what, median(counted.map((run) => run[what]))]),
    );
    return { ...whole, read: path === "/" ? undefined : await page.evaluate(read) };
  });
}
const way12 = {
  file: { width: LARGE[0], height: LARGE[1], bytes: Buffer.from(drawn, "base64").length },
  ours: await way("/", "input[type=file]"),
  peer: await way("/bench/peer.html", "[data-ready] input[type=file]"),
};

const browserVersion = await browser.version();
await browser.close();
server.close();

// ---- the report

const report = {
  machine: { processor: cpus()[0].model, cores: cpus().length, browser: browserVersion },
  peer: `onnxruntime-web ${JSON.parse(readFileSync(join(here, "node_modules/onnxruntime-web/package.json"))).version}`,
  model: { version: info.version, ...bytes.model },
  bytes,
  inference,
  start,
  cold,
  large_photo: way12,
};
writeFileSync(results, `${JSON.stringify(report, null, 2)}\n`);

const ms = (value) => `${value.toFixed(1)} ms`;
const mb = (value) => `${(value / 1e6).toFixed(2)} MB`;
const table = (rows) => {
  for (const [name, ours, peer, ratio] of rows) {
    console.log(`${name.padEnd(34)} ${ours.padStart(12)} ${peer.padStart(12)}  ${ratio.toFixed(2)}`);
  }
};
console.log(`${report.machine.processor}, ${report.machine.cores} cores; ${report.machine.browser}; ${report.peer}`);
console.log(`${"".padEnd(34)} ${"ours".padStart(12)} ${"peer".padStart(12)}  ours / peer`);
const row = (name, ours, peer, as) => [name, as(ours), as(peer), ours / peer];
table([
  ["inference, peer with one thread", ms(inference.milliseconds.ours), ms(inference.milliseconds.peer1), inference.ours_to_peer1],
  ["inference, peer with two threads", ms(inference.milliseconds.ours), ms(inference.milliseconds.peer2), inference.ours_to_peer2],
  row("load to ready", start.ours.loaded, start.peer1.loaded, ms),
  row("first inference", start.ours.first, start.peer1.first, ms),
  row("memory of the WebAssembly", start.ours.memory, start.peer1.memory, mb),
  row("code, raw", bytes.ours.raw, bytes.peer.raw, mb),
  row("code, brotli", bytes.ours.brotli, bytes.peer.brotli, mb),
  row("navigation to first answer", cold.ours, cold.peer, ms),
  row("12 megapixel JPEG to answer", way12.ours.took, way12.peer.took, ms),
]);
const ratio = way12.ours.took / inference.milliseconds.ours;
console.log(
  `The large photo takes ${ratio.toFixed(1)} inferences: decode ${ms(way12.ours.decode)}, then ${ms(way12.ours.infer)}` +
    ` for resizing and inference; the longest task on the page's main thread ${ms(way12.ours.longest)}.`,
);
console.log(`Logits of the same tensor differ by ${inference.largest_difference_of_logits.toExponential(1)} at most.`);
