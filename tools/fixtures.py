"""Draws the pictures of tests/fixtures, and writes what PyTorch and the ONNX file answer to them: logits.json.

Native, browser and model tests compare their own logits with these. Run it in the repository's root after an export, in the
environment of the training: model/.venv/bin/python tools/fixtures.py --help
"""
import argparse
import io
import json
import pathlib
import sys

import drawings
import numpy as np
import torch
from PIL import Image

from clothing_model import picture
from clothing_model.errors import PipelineError
from clothing_model.onnx_file import OnnxModel
from clothing_model.train.run import Run
from clothing_model.verbs.options import DEFAULT_ONNX, DEFAULT_RUN

FOLDER = pathlib.Path("tests/fixtures")
LARGEST_DRAWING = 115_000  # bytes
EXIF_ORIENTATION = 0x0112
# How a picture is stored under each EXIF orientation: the inverse of what readers do to set it upright.
STORED_AS = {1: None, 2: Image.FLIP_LEFT_RIGHT, 3: Image.ROTATE_180, 4: Image.FLIP_TOP_BOTTOM, 5: Image.TRANSPOSE,
             6: Image.ROTATE_90, 7: Image.TRANSVERSE, 8: Image.ROTATE_270}
PICTURES = (*(f"{label}.jpg" for label in drawings.GARMENTS), *(f"orientation-{i}.jpg" for i in range(1, 9)),
            "wide.jpg", "tiny-1x1.png", "tiny-3x2.png", "grey.jpg", "alpha.png", "palette.png", "sixteen-bit.png",
            "photo.webp", "animated.gif", "photo.bmp")
SAMPLES = 5  # a grid of this many by this many pixels of the preprocessed square is stored


def draw(folder: pathlib.Path) -> None:
    """Writes all pictures: a drawing of each garment, every EXIF orientation, and unusual shapes and encodings."""
    folder.mkdir(parents=True, exist_ok=True)
    drawn = {label: drawings.draw(label) for label in drawings.GARMENTS}
    for label, image in drawn.items():
        (folder / f"{label}.jpg").write_bytes(_small_jpeg(image))
    small = drawn["polo-shirt"].resize((300, 400), Image.LANCZOS)
    for orientation, stored in STORED_AS.items():
        exif = Image.Exif()
        exif[EXIF_ORIENTATION] = orientation
        turned = small if stored is None else small.transpose(stored)
        turned.save(folder / f"orientation-{orientation}.jpg", quality=90, exif=exif)

    tiny = drawn["t-shirt"].resize((150, 200), Image.LANCZOS)
    drawn["jeans"].crop((0, 400, 900, 430)).resize((1200, 40), Image.LANCZOS).save(folder / "wide.jpg", quality=90)
    Image.new("RGB", (1, 1), (180, 40, 90)).save(folder / "tiny-1x1.png")
    Image.fromarray(np.arange(18, dtype=np.uint8).reshape(2, 3, 3) * 14).save(folder / "tiny-3x2.png")
    drawn["jeans"].resize((300, 400), Image.LANCZOS).convert("L").save(folder / "grey.jpg", quality=90)
    y, x = np.mgrid[0:200, 0:150]
    alpha = Image.fromarray((255 * np.clip(1.6 - np.hypot((x - 75) / 60, (y - 100) / 80), 0, 1)).astype(np.uint8))
    Image.merge("RGBA", [*tiny.split(), alpha]).save(folder / "alpha.png", optimize=True)
    tiny.convert("P", palette=Image.ADAPTIVE, colors=64).save(folder / "palette.png", optimize=True)
    grey = np.asarray(tiny.convert("L")).astype(np.uint16)
    Image.fromarray(grey * 257 // 2 + 9000).save(folder / "sixteen-bit.png")
    drawn["shoes"].resize((450, 600), Image.LANCZOS).save(folder / "photo.webp", quality=85)
    tiny.save(folder / "animated.gif", save_all=True, append_images=[tiny.rotate(180)], duration=400, loop=0)
    tiny.save(folder / "photo.bmp")


def _small_jpeg(image: Image.Image) -> bytes:
    for quality in range(88, 30, -4):
        buffer = io.BytesIO()
        image.save(buffer, "JPEG", quality=quality, optimize=True)
        if buffer.tell() <= LARGEST_DRAWING:
            break
    return buffer.getvalue()


def answers(folder: pathlib.Path, run: Run, model: OnnxModel) -> dict:
    """For each picture: its upright size, samples of the preprocessed square, the logits of PyTorch and of the exported file."""
    network, preprocessing = run.classifier(), model.preprocessing
    places = [(2 * i + 1) * preprocessing.size // (2 * SAMPLES) for i in range(SAMPLES)]
    files = []
    for file in [folder / name for name in PICTURES]:
        pixels = picture.read(file)
        square = preprocessing.square(pixels)
        with torch.inference_mode():
            logits = network(torch.from_numpy(preprocessing.normalise(square[None])))[0].numpy()
        files.append({
            "file": file.name, "width": pixels.shape[1], "height": pixels.shape[0],
            "top1": model.labels[int(logits.argmax())].id,
            "logits": [round(float(value), 5) for value in logits],
            "onnx_logits": [round(float(value), 5) for value in model.logits([square])[0]],
            "square": {"mean": [round(float(value), 3) for value in square.mean((0, 1))],
                       "samples": [{"x": x, "y": y, "rgb": square[y, x].tolist()} for y in places for x in places]},
        })
    return {"model": model.version, "labels": [label.id for label in model.labels], "files": files}


def write(folder: pathlib.Path, run: Run, model: OnnxModel) -> dict:
    """Writes logits.json, with one line per picture, and returns its content."""
    result = answers(folder, run, model)
    lines = ",\n".join("  " + json.dumps(entry) for entry in result["files"])
    head = ",\n".join(f" {json.dumps(key)}: {json.dumps(result[key])}" for key in ("model", "labels"))
    (folder / "logits.json").write_text("{\n" + head + ',\n "files": [\n' + lines + "\n ]\n}\n")
    return result


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    options.add_argument("--run", type=pathlib.Path, default=DEFAULT_RUN, help="folder of the training run (%(default)s)")
    options.add_argument("--onnx", type=pathlib.Path, default=DEFAULT_ONNX, help="its exported file (%(default)s)")
    options.add_argument("--out", type=pathlib.Path, default=FOLDER, help="folder of the pictures (%(default)s)")
    options.add_argument("--redraw", action="store_true", help="draw the pictures again, even if none is missing")
    given = options.parse_args()
    try:
        if given.redraw or not all((given.out / name).exists() for name in PICTURES):
            draw(given.out)
        result = write(given.out, Run.load(given.run), OnnxModel.load(given.onnx))
    except PipelineError as error:
        sys.exit(f"error: {error}")
    for entry in result["files"]:
        print(f"{entry['file']}: {entry['width']} x {entry['height']}, {entry['top1']}")


if __name__ == "__main__":
    main()
