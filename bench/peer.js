// A minimal page that does the same job: loads the network, takes a photo, shows its label.
import * as ort from "./ort/ort.wasm.min.mjs";

const { model, side, labels, mean, std } = await (await fetch("files.json")).json();
ort.env.wasm.numThreads = 1;
ort.env.wasm.wasmPaths = new URL("ort/", location.href).href;
const session = ort.InferenceSession.create(model, { executionProviders: ["wasm"] });

async function answer(file) {
  const photo = await createImageBitmap(file);
  const scale = side / Math.max(photo.width, photo.height);
  const [width, height] = [photo.width, photo.height].map((length) => Math.max(1, Math.round(length * scale)));
  const canvas = new OffscreenCanvas(side, side).getContext("2d", { willReadFrequently: true });
  canvas.fillStyle = "grey";
  canvas.fillRect(0, 0, side, side);
  canvas.imageSmoothingQuality = "high";
  canvas.drawImage(photo, (side - width) >> 1, (side - height) >> 1, width, height);
  const { data } = canvas.getImageData(0, 0, side, side);
  const pixels = new Float32Array(3 * side * side);
  for (let ix = 0; ix < side * side; ix++) {
    for (let channel = 0; channel < 3; channel++) {
      pixels[channel * side * side + ix] = (data[ix * 4 + channel] / 255 - mean[channel]) / std[channel];
    }
  }
  const network = await session;
  const { logits } = await network.run({
    [network.inputNames[0]]: new ort.Tensor("float32", pixels, [1, 3, side, side]),
  });
  return labels[logits.data.indexOf(Math.max(...logits.data))];
}

document.querySelector("input").onchange = async ({ target }) => {
  const text = document.querySelector("p");
  text.textContent = await answer(target.files[0]);
  text.dataset.state = "done";
};
document.body.dataset.ready = "";
