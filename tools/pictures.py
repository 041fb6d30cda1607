"""Draws the documentation's pictures: `make pictures` runs this in model/.venv.

    pictures.py samples FOLDER   the three drawings that the page offers to try
    pictures.py closet FOLDER    drawings under their labels, some under a wrong one, some twice, some blurred
    pictures.py small FILE...    PNGs to a palette, which screenshots hardly suffer from
"""
import pathlib
import sys

import drawings
import numpy as np
from PIL import Image, ImageEnhance, ImageFilter

SAMPLES = ("polo-shirt", "dress", "shoes")
EACH = 14  # drawings for each label
SWAPPED = {("jeans", 3): "socks", ("polo-shirt", 5): "t-shirt", ("shoes", 2): "dress", ("shirt", 8): "polo-shirt"}
BLURRED = {("dress", 6), ("socks", 9)}
LARGEST = 120_000  # limit for a picture in the documentation, in bytes


def samples(folder: pathlib.Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    for number, label in enumerate(SAMPLES, 1):
        image = drawings.draw(label).resize((360, 480), Image.LANCZOS)
        image.save(folder / f"sample{number}.webp", quality=70, method=6)


def varied(image: Image.Image, rng: np.random.Generator) -> Image.Image:
    """The drawing in another colour and light, from another place. Wood and walls stay brown."""
    hue, saturation, value = image.convert("HSV").split()
    turn = int(rng.integers(256))
    hue = hue.point(lambda tone: tone if 8 <= tone <= 32 else (tone + turn) % 256)
    image = Image.merge("HSV", (hue, saturation, value)).convert("RGB")
    if rng.random() < 0.5:
        image = image.transpose(Image.FLIP_LEFT_RIGHT)
    image = image.rotate(rng.uniform(-6, 6), Image.BICUBIC)
    width, height = image.size
    shown = rng.uniform(0.8, 0.86)
    x, y = (rng.uniform(0.3, 0.7) * (1 - shown) * side for side in (width, height))
    image = image.crop((round(x), round(y), round(x + shown * width), round(y + shown * height)))
    return ImageEnhance.Brightness(image.resize((300, 400), Image.LANCZOS)).enhance(rng.uniform(0.8, 1.15))


def closet(folder: pathlib.Path) -> None:
    rng = np.random.default_rng(1)
    for label in drawings.GARMENTS:
        drawing = drawings.draw(label).resize((600, 800), Image.LANCZOS)
        for number in range(EACH):
            image = varied(drawing, rng)
            if (label, number) in BLURRED:
                image = image.filter(ImageFilter.GaussianBlur(9))
            place = folder / SWAPPED.get((label, number), label)
            place.mkdir(parents=True, exist_ok=True)
            image.save(place / f"{label[0]}{number:02}.jpg", quality=88)
            if number == 4:  # saved once more by another program
                image.resize((270, 360), Image.LANCZOS).save(place / f"{label[0]}{number:02}-copy.jpg", quality=80)


def small(file: pathlib.Path) -> None:
    image = Image.open(file).convert("RGB")
    for colours in (256, 192, 128, 96, 64):
        image.quantize(colours, Image.MEDIANCUT, dither=Image.Dither.NONE).save(file, optimize=True)
        if file.stat().st_size <= LARGEST:
            return
    sys.exit(f"pictures.py: {file} is larger than {LARGEST} bytes")


def main(verb: str, *paths: str) -> None:
    run = {"samples": samples, "closet": closet, "small": small}[verb]
    for path in paths:
        run(pathlib.Path(path))


if __name__ == "__main__":
    main(*sys.argv[1:])
