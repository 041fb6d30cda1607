// Width, height and colours of a picture, on white; 0, 0 and none if the browser does not show it.
return (async () => {
  const photo = new Image();
  photo.src = URL.createObjectURL(new Blob([new Uint8Array(arguments[0])]));
  try {
    await photo.decode();
  } catch {
    return [0, 0, []];
  }
  const canvas = document.createElement("canvas");
  [canvas.width, canvas.height] = [photo.naturalWidth, photo.naturalHeight];
  const context = canvas.getContext("2d");
  context.fillStyle = "white";
  context.fillRect(0, 0, canvas.width, canvas.height);
  context.drawImage(photo, 0, 0);
  const { data } = context.getImageData(0, 0, canvas.width, canvas.height);
  return [canvas.width, canvas.height, Array.from(data).filter((_, place) => place % 4 < 3)];
})();
