// Loads the network into one of the engines and runs it. The page's address says which: ?who=ours, ?who=peer1 or ?who=peer2
// (onnxruntime-web with one or two threads). With ?who=all it holds all three in frames.
const who = new URLSearchParams(location.search).get("who");
const { engine, model, side } = await (await fetch("files.json")).json();

// The WebAssembly memories, captured here because neither engine exposes its own.
const memories = [];
const Memory = WebAssembly.Memory;
WebAssembly.Memory = function (...rest) {
  const memory = new Memory(...rest);
  memories.push(memory);
  return memory;
};
WebAssembly.Memory.prototype = Memory.prototype;

const bytes = async (url) => new Uint8Array(await (await fetch(url)).arrayBuffer());

async function ours() {
  const [code, module, weights] = await Promise.all([
    import(engine.script),
    WebAssembly.compileStreaming(fetch(engine.wasm)),
    bytes(model),
  ]);
  memories.push((await code.default({ module_or_path: module })).memory);
  const network = new code.Bare(weights);
  window.about = () => network.about();
  return (pixels) => network.logits(pixels);
}

async function peer(threads) {
  const [ort, weights] = await Promise.all([import("./ort/ort.wasm.min.mjs"), bytes(model)]);
  ort.env.wasm.numThreads = threads;
  ort.env.wasm.wasmPaths = new URL("ort/", location.href).href;
  const session = await ort.InferenceSession.create(weights, { executionProviders: ["wasm"] });
  const [name] = session.inputNames;
  return async (pixels) => {
    const outputs = await session.run({ [name]: new ort.Tensor("float32", pixels, [1, 3, side, side]) });
    return outputs.logits.data;
  };
}

// The same input for all: noise in the range of normalised pixels.
const pixels = new Float32Array(3 * side * side);
for (let ix = 0, state = 1; ix < pixels.length; ix++) {
  state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
  pixels[ix] = state / 2 ** 31 - 1;
}

let run;
// Loads everything until the network can be run; returns milliseconds.
window.load = async () => {
  const start = performance.now();
  run = who === "ours" ? await ours() : await peer(who === "peer1" ? 1 : 2);
  return performance.now() - start;
};
// One run; returns milliseconds.
window.infer = async () => {
  const start = performance.now();
  await run(pixels);
  return performance.now() - start;
};
window.logits = async () => [...(await run(pixels))];
window.memory = () => memories.reduce((sum, memory) => sum + memory.buffer.byteLength, 0);

if (who === "all") {
  const frames = {};
  for (const name of ["ours", "peer1", "peer2"]) {
    const frame = document.createElement("iframe");
    frame.src = `?who=${name}`;
    document.body.append(frame);
    await new Promise((resolve) => (frame.onload = resolve));
    while (!frame.contentWindow.ready) await new Promise((resolve) => setTimeout(resolve, 10));
    await frame.contentWindow.load();
    frames[name] = frame.contentWindow;
  }
  // In turns, so that other load on the machine affects all equally: [{ours, peer1, peer2}, ...].
  window.compare = async (warmups, rounds) => {
    const times = [];
    for (let round = 0; round < warmups + rounds; round++) {
      const time = {};
      for (const name in frames) time[name] = await frames[name].infer();
      if (round >= warmups) times.push(time);
      await new Promise((resolve) => setTimeout(resolve));
    }
    return times;
  };
  // The largest difference between the peers' logits and ours.
  window.difference = async () => {
    const [mine, ...others] = await Promise.all(Object.values(frames).map((frame) => frame.logits()));
    return Math.max(...others.flatMap((other) => other.map((value, ix) => Math.abs(value - mine[ix]))));
  };
}
window.ready = true;
