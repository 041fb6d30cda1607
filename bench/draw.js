// Runs in a page: draws a photo of 12 megapixels. It has soft light, cloth with folds and a weave, a garment's outline, and
// sensor noise, so that its JPEG has about as many bytes and coefficients as a phone's.
async (width, height) => {
  const canvas = new OffscreenCanvas(width, height);
  const context = canvas.getContext("2d");
  const wall = context.createLinearGradient(0, 0, width, height);
  wall.addColorStop(0, "#d8d2c4");
  wall.addColorStop(1, "#8f8a80");
  context.fillStyle = wall;
  context.fillRect(0, 0, width, height);
  // The garment: a t-shirt.
  const [u, v] = [width / 100, height / 100];
  context.fillStyle = "#2f5f9e";
  context.beginPath();
  for (const [x, y] of [
    [38, 18], [46, 22], [54, 22], [62, 18], [84, 34], [76, 46], [68, 40], [68, 86], [32, 86], [32, 40], [24, 46], [16, 34],
  ]) {
    context.lineTo(x * u, y * v);
  }
  context.fill();
  const picture = context.getImageData(0, 0, width, height);
  const data = new Uint32Array(picture.data.buffer);
  let state = 1;
  for (let y = 0, ix = 0; y < height; y++) {
    for (let x = 0; x < width; x++, ix++) {
      state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
      const noise = ((state >>> 24) & 15) - 8;
      const folds = 18 * Math.sin((x + 0.4 * y) / 97 + 2 * Math.sin(y / 310));
      const weave = (x ^ y) & 4 ? 5 : -5;
      const light = noise + folds + weave;
      const pixel = data[ix];
      const shade = (shift) => Math.min(255, Math.max(0, ((pixel >>> shift) & 255) + light)) << shift;
      data[ix] = (0xff000000 | shade(0) | shade(8) | shade(16)) >>> 0;
    }
  }
  context.putImageData(picture, 0, 0);
  const blob = await canvas.convertToBlob({ type: "image/jpeg", quality: 0.9 });
  const bytes = new Uint8Array(await blob.arrayBuffer());
  let text = "";
  for (let at = 0; at < bytes.length; at += 32768) text += String.fromCharCode(...bytes.subarray(at, at + 32768));
  return btoa(text);
};
