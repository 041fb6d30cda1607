"""From the bytes of a photo to the numbers that the network gets: the one definition of preprocessing.

Training, evaluation, the command line and the test fixtures all use it; the Rust code implements the same steps and is
tested against the fixtures. It needs only NumPy and Pillow, so that it is easy to read and to port.

1. `read`: bytes -> upright RGB, uint8 [height, width, 3].
2. `Preprocessing.square`: any size -> uint8 [S, S, 3].
3. `Preprocessing.normalise`: uint8 -> float32, (p / 255 - mean) / std.
"""
import io
import json
import pathlib
from dataclasses import dataclass

import numpy as np
from PIL import Image, ImageOps

from .errors import PipelineError

FILTERS = {"bilinear": Image.BILINEAR, "bicubic": Image.BICUBIC, "lanczos": Image.LANCZOS}
FITS = ("pad", "crop", "stretch")


def read(source: pathlib.Path | str | bytes) -> np.ndarray:
    """The first frame of a picture with its EXIF orientation applied: uint8 [height, width, 3], RGB.

    Grey becomes RGB, 16 bits become 8 (rounded), and transparency is blended with white. Raises PipelineError if the source
    cannot be read, or has too many pixels for Pillow.
    """
    name = "the picture" if isinstance(source, bytes) else str(source)
    try:
        with Image.open(io.BytesIO(source) if isinstance(source, bytes) else source) as opened:
            opened.load()
            return _rgb(ImageOps.exif_transpose(opened))
    except Image.DecompressionBombError as error:
        raise PipelineError(f"{name}: {error}", "shrink the picture") from error
    except (OSError, SyntaxError, ValueError) as error:  # Pillow reports broken files in all three ways
        raise PipelineError(f"{name} cannot be read as a picture: {error}",
                            "remove it, or save it again as JPEG, PNG, WebP, AVIF, GIF or BMP") from error


def _rgb(image: Image.Image) -> np.ndarray:
    if image.mode.startswith("I"):  # 16-bit grey; Pillow's own conversion would clip instead of scale
        grey = ((np.asarray(image).astype(np.int64).clip(0, 65535) + 128) // 257).astype(np.uint8)
        return np.repeat(grey[..., None], 3, axis=2)
    if not image.has_transparency_data:
        return np.asarray(image.convert("RGB"))
    rgba = np.asarray(image.convert("RGBA")).astype(np.uint32)
    alpha = rgba[..., 3:]
    return ((rgba[..., :3] * alpha + 255 * (255 - alpha) + 127) // 255).astype(np.uint8)


def border_colour(pixels: np.ndarray) -> np.ndarray:
    """The mean colour of the outermost ring of pixels, each counted once, rounded half up: uint8 [3]."""
    flat = pixels.astype(np.int64)
    inside = flat[1:-1, 1:-1]
    count = pixels.shape[0] * pixels.shape[1] - inside.shape[0] * inside.shape[1]
    total = flat.sum((0, 1)) - inside.sum((0, 1))
    return ((total + count // 2) // count).astype(np.uint8)


@dataclass(frozen=True)
class Preprocessing:
    """How an upright photo becomes the network's input.

    size: side of the square in pixels. fit: "pad" shows the whole photo on a square of its border colour, "crop" takes the
    middle square, "stretch" ignores the aspect ratio. filter: of Pillow's antialiased resizing. mean, std: per channel, for
    pixel values in 0..1. Raises PipelineError for other values.
    """

    size: int = 224
    fit: str = "pad"
    filter: str = "bilinear"
    mean: tuple[float, float, float] = (0.5, 0.5, 0.5)
    std: tuple[float, float, float] = (0.5, 0.5, 0.5)

    def __post_init__(self):
        if self.fit not in FITS or self.filter not in FILTERS or self.size < 1:
            raise PipelineError(f"unknown preprocessing {self}", f"fit is one of {FITS}, filter of {tuple(FILTERS)}")

    def square(self, pixels: np.ndarray) -> np.ndarray:
        """uint8 [h, w, 3] of any size -> uint8 [S, S, 3]."""
        height, width = pixels.shape[:2]
        side = self.size
        if self.fit == "stretch":
            return self._resize(pixels, side, side)
        scale = side / (max if self.fit == "pad" else min)(width, height)
        new_width, new_height = (int(np.floor(length * scale + 0.5)) for length in (width, height))
        if self.fit == "crop":
            new_width, new_height = max(side, new_width), max(side, new_height)
            x, y = (new_width - side) // 2, (new_height - side) // 2
            return self._resize(pixels, new_width, new_height)[y:y + side, x:x + side]
        new_width, new_height = max(1, new_width), max(1, new_height)
        photo = self._resize(pixels, new_width, new_height)
        x, y = (side - new_width) // 2, (side - new_height) // 2
        square = np.empty((side, side, 3), np.uint8)
        square[:] = border_colour(photo)
        square[y:y + new_height, x:x + new_width] = photo
        return square

    def _resize(self, pixels: np.ndarray, width: int, height: int) -> np.ndarray:
        return np.asarray(Image.fromarray(pixels).resize((width, height), FILTERS[self.filter]))

    def normalise(self, squares: np.ndarray) -> np.ndarray:
        """uint8 [..., S, S, 3] -> float32 [..., 3, S, S]."""
        scaled = (squares.astype(np.float32) / 255 - np.float32(self.mean)) / np.float32(self.std)
        return np.ascontiguousarray(np.moveaxis(scaled, -1, -3))

    def metadata(self) -> dict[str, str]:
        """The entries of an ONNX file's metadata that describe it."""
        return {"input_size": str(self.size), "resize": json.dumps({"fit": self.fit, "filter": self.filter}),
                "mean": json.dumps(list(self.mean)), "std": json.dumps(list(self.std))}

    @classmethod
    def from_metadata(cls, entries: dict[str, str]) -> "Preprocessing":
        """The inverse of `metadata`. Raises KeyError or ValueError for incomplete or invalid entries, and PipelineError."""
        resize = json.loads(entries["resize"])
        return cls(int(entries["input_size"]), resize["fit"], resize["filter"],
                   tuple(json.loads(entries["mean"])), tuple(json.loads(entries["std"])))
