"""What happens to photos before they reach a network, as functions of uint8 [h, w, 3], to test how robust the network is."""
import io

import numpy as np
from PIL import Image, ImageFilter, ImageOps

from ..picture import border_colour

BLUR = 0.006  # standard deviation as a share of the longest side, as from a moving hand
DARK = 0.35  # share of the light that is left, as in a room at dusk
QUALITY = 20  # of JPEG, as after several messengers


def _blurred(pixels: np.ndarray) -> np.ndarray:
    return np.asarray(Image.fromarray(pixels).filter(ImageFilter.GaussianBlur(BLUR * max(pixels.shape[:2]))))


def _dark(pixels: np.ndarray) -> np.ndarray:
    return (pixels * DARK).astype(np.uint8)


def _compressed(pixels: np.ndarray) -> np.ndarray:
    buffer = io.BytesIO()
    Image.fromarray(pixels).save(buffer, "JPEG", quality=QUALITY)
    return np.asarray(Image.open(buffer))


def _half_size(pixels: np.ndarray) -> np.ndarray:
    height, width = pixels.shape[:2]
    return np.asarray(Image.fromarray(pixels).resize((max(1, width // 2), max(1, height // 2)), Image.BICUBIC))


def _small(pixels: np.ndarray) -> np.ndarray:
    """The whole photo in one cell of a 3 x 3 grid, on its border's colour."""
    height, width = pixels.shape[:2]
    frame = np.empty((3 * height, 3 * width, 3), np.uint8)
    frame[:] = border_colour(pixels)
    return _put(pixels, frame)


def in_scene(pixels: np.ndarray, scene: np.ndarray) -> np.ndarray:
    """The whole photo in one cell of a 3 x 3 grid, on another photo cropped to the same shape."""
    height, width = pixels.shape[:2]
    return _put(pixels, np.array(ImageOps.fit(Image.fromarray(scene), (3 * width, 3 * height), Image.BICUBIC)))


def _put(pixels: np.ndarray, frame: np.ndarray) -> np.ndarray:
    """Pastes the photo into one cell of a 3 x 3 grid; which one follows from the pixels, so that it is reproducible."""
    height, width = pixels.shape[:2]
    row, column = divmod(int(pixels.sum(dtype=np.int64)) % 9, 3)
    frame[row * height:(row + 1) * height, column * width:(column + 1) * width] = pixels
    return frame


CHANGES = {
    "rotated 90": lambda pixels: np.rot90(pixels, 1),
    "rotated 180": lambda pixels: np.rot90(pixels, 2),
    "rotated 270": lambda pixels: np.rot90(pixels, 3),
    "blurred": _blurred,
    "dark": _dark,
    "JPEG quality 20": _compressed,
    "half size": _half_size,
    "a ninth of the frame": _small,
}
