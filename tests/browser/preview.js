// Reads how the picture that `selector` finds is shown, and where the class map lies on it.
const photo = document.querySelector(selector);
const canvas = document.createElement("canvas");
[canvas.width, canvas.height] = [photo.naturalWidth, photo.naturalHeight];
const context = canvas.getContext("2d");
context.drawImage(photo, 0, 0);
const colours = [[30, 30], [450, 30], [30, 610], [450, 610]].map(([x, y]) =>
  Array.from(context.getImageData(x, y, 1, 1).data.slice(0, 3)));
const map = document.querySelector("canvas.class-map");
let place = null;
if (map) {
  const [inner, outer] = [map.getBoundingClientRect(), photo.getBoundingClientRect()];
  const { data } = map.getContext("2d").getImageData(0, 0, map.width, map.height);
  place = [
    [
      (inner.left - outer.left) / outer.width, (inner.top - outer.top) / outer.height,
      inner.width / outer.width, inner.height / outer.height,
    ],
    Array.from(data).filter((_, place) => place % 4 === 3),
  ];
}
return { width: photo.naturalWidth, height: photo.naturalHeight, colours, map: place };
