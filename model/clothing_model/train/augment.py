"""Augmentation: makes a training photo look like another photo of the same garment.

The largest gap between the photos at hand and those to come is the background: studio pictures on white against
garments on beds, floors and carpets. So garments are cut out of plain light backgrounds and pasted, rotated and scaled,
on backgrounds taken from the corners of people's own photos. The rest imitates cameras and hands: tilt, framing, light,
blur, noise, compression. All functions work on uint8 [h, w, 3] and draw from one `numpy` generator, so that a photo's
variant depends only on (seed, epoch, index), no matter how many processes share the work.
"""
import io
from dataclasses import asdict, dataclass

import numpy as np
from PIL import Image, ImageDraw, ImageEnhance, ImageFilter
from scipy import ndimage

from ..picture import Preprocessing, border_colour

STUDIO_BRIGHTNESS = 225  # darkest background, 0..255, that counts as a studio's
STUDIO_TOLERANCE = 14  # largest difference in a channel between the plain background and a pixel of it
PATCH_SIDE = 40  # smallest side of a corner that is worth tiling, pixels
CANVAS = 240  # longest side of a composed photo, pixels


def cut_out(pixels: np.ndarray) -> np.ndarray | None:
    """The garment's mask, uint8 [h, w] (255 = garment); None unless its background is plain and light."""
    height, width = pixels.shape[:2]
    if min(height, width) < 96:
        return None
    ring = np.concatenate([pixels[:3].reshape(-1, 3), pixels[:, :3].reshape(-1, 3), pixels[:, -3:].reshape(-1, 3)])
    colour = np.median(ring, axis=0)
    if colour.min() < STUDIO_BRIGHTNESS or (np.abs(ring - colour).max(1) > STUDIO_TOLERANCE).mean() > 0.15:
        return None
    plain = np.abs(pixels.astype(np.int16) - colour.astype(np.int16)).max(2) <= STUDIO_TOLERANCE
    regions, _ = ndimage.label(plain)
    outside = np.unique(np.concatenate([regions[0], regions[:, 0], regions[:, -1], regions[-1]]))
    garment = ndimage.binary_opening(~np.isin(regions, outside[outside > 0]), iterations=1)
    if not 0.05 < garment.mean() < 0.85:
        return None
    soft = ndimage.gaussian_filter(ndimage.binary_erosion(garment).astype(np.float32), 0.8)
    return (soft * 255).astype(np.uint8)


def background_patches(pixels: np.ndarray) -> list[np.ndarray]:
    """Corners of a photo that show the bed or floor under the garment, uint8 [side, side, 3] each.

    A corner is taken if its colour agrees with that of another corner, and its quarters agree among themselves: a
    sleeve that reaches into it makes one quarter differ.
    """
    side = int(min(pixels.shape[:2]) * 0.24)
    if side < PATCH_SIDE:
        return []
    corners = [pixels[:side, :side], pixels[:side, -side:], pixels[-side:, :side], pixels[-side:, -side:]]
    colours = np.array([corner.mean((0, 1)) for corner in corners])
    distance = np.abs(colours[:, None] - colours[None]).max(2) + 1e3 * np.eye(4)
    half = side // 2
    patches = []
    for corner, nearest in zip(corners, distance.min(1)):
        quarters = np.array([corner[y:y + half, x:x + half].mean((0, 1)) for y in (0, half) for x in (0, half)])
        if nearest < 16 and np.ptp(quarters, axis=0).max() < 20 and corner.std((0, 1)).max() < 60:
            patches.append(corner.copy())
    return patches


@dataclass
class Strength:
    """The probability of each kind of change; 0 turns it off."""

    paste: float = 0.55
    empty_background: float = 0.2  # that a photo without a garment is replaced by a bare background
    quarter_turn: float = 0.15
    tilt: float = 0.45
    crop: float = 0.4
    zoom_out: float = 0.15
    light: float = 0.85
    soften: float = 0.35
    erase: float = 0.1

    def scaled(self, factor: float) -> "Strength":
        """All probabilities times `factor`, at most 1."""
        return Strength(**{name: min(1, value * factor) for name, value in asdict(self).items()})


class Augment:
    """Draws variants of training photos. garmentless: indices of photos that show no garment."""

    def __init__(self, photos: list[np.ndarray], backgrounds: list[np.ndarray], garmentless: set[int] = frozenset(),
                 strength: Strength = Strength()):
        self.photos = photos
        self.masks = [cut_out(pixels) for pixels in photos]
        self.backgrounds = backgrounds
        self.garmentless = garmentless
        self.strength = strength

    def __call__(self, index: int, preprocessing: Preprocessing, rng: np.random.Generator) -> np.ndarray:
        """uint8 [S, S, 3]: a new variant of photo `index`."""
        p, chance = self.strength, rng.random
        photo, mask = self.photos[index], self.masks[index]
        if index in self.garmentless and self.backgrounds and chance() < p.empty_background:
            image = self._background(rng, *_canvas_size(rng))
        elif mask is not None and chance() < p.paste:
            image = self._paste(Image.fromarray(photo), Image.fromarray(mask), rng)
        else:
            image = _reframe(Image.fromarray(photo), p, rng)
        if chance() < 0.5:
            image = image.transpose(Image.FLIP_LEFT_RIGHT)
        if chance() < p.quarter_turn:
            image = image.transpose(rng.choice([Image.ROTATE_90, Image.ROTATE_180, Image.ROTATE_270]))
        image = Image.fromarray(preprocessing.square(np.asarray(image)))
        if chance() < p.light:
            image = _relight(image, rng)
        if chance() < p.soften:
            image = _soften(image, rng)
        if chance() < p.erase:
            image = _erase(image, rng)
        return np.asarray(image)

    def _background(self, rng: np.random.Generator, width: int, height: int) -> Image.Image:
        """A floor, bed or wall with nothing on it."""
        if not self.backgrounds or rng.random() < 0.12:
            return Image.new("RGB", (width, height), tuple(int(value) for value in rng.integers(30, 250, 3)))
        patch = self.backgrounds[rng.integers(len(self.backgrounds))]
        tile = Image.fromarray(patch).resize((int(patch.shape[1] * (zoom := rng.uniform(1, 2.8))),
                                              int(patch.shape[0] * zoom)), Image.BICUBIC)
        tile = np.rot90(np.asarray(tile), rng.integers(4))
        side = max(width, height)
        reach = [(0, max(0, side - length)) for length in tile.shape[:2]]
        return Image.fromarray(np.pad(tile, [*reach, (0, 0)], mode="symmetric")[:height, :width])

    def _paste(self, photo: Image.Image, mask: Image.Image, rng: np.random.Generator) -> Image.Image:
        """The garment cut out of its plain background and pasted on another, with a shadow under it."""
        width, height = _canvas_size(rng)
        background = self._background(rng, width, height)
        garment = Image.merge("RGBA", [*photo.split(), mask]).crop(mask.getbbox())
        angle = rng.normal(0, 14) if rng.random() < 0.65 else rng.uniform(-180, 180)
        garment = garment.rotate(angle, Image.BICUBIC, expand=True)
        scale = rng.uniform(0.55, 1.08) * min(width / garment.width, height / garment.height)
        stretch = np.exp(rng.normal(0, 0.07))
        garment = garment.resize((max(8, int(garment.width * scale * stretch)),
                                  max(8, int(garment.height * scale / stretch))), Image.BICUBIC)
        # mostly inside the canvas; up to 5 % of its side may be cut off
        place = [int(rng.uniform(min(0, free) - 0.05 * side, max(0, free) + 0.05 * side))
                 for free, side in ((width - garment.width, width), (height - garment.height, height))]
        if rng.random() < 0.7:
            shade = Image.new("L", (width, height))
            shade.paste(garment.getchannel("A"), (place[0] + int(rng.normal(0, 4)), place[1] + int(rng.normal(0, 4))))
            shade = shade.filter(ImageFilter.GaussianBlur(rng.uniform(1.5, 7)))
            depth = rng.uniform(0.2, 0.6)
            background.paste((0, 0, 0), (0, 0), shade.point(lambda value: int(value * depth)))
        background.paste(garment, tuple(place), garment)
        return background


def _canvas_size(rng: np.random.Generator) -> tuple[int, int]:
    short = int(CANVAS * rng.choice([9 / 16, 3 / 4, 3 / 4, 3 / 4, 1]))
    return (short, CANVAS) if rng.random() < 0.6 else (CANVAS, short)


def _reframe(image: Image.Image, p: Strength, rng: np.random.Generator) -> Image.Image:
    """Tilts, crops or zooms out; new area is filled with the border's colour or with the photo's continuation."""
    colour = tuple(int(value) for value in border_colour(np.asarray(image)))
    if rng.random() < p.tilt:
        image = image.rotate(np.clip(rng.normal(0, 11), -35, 35), Image.BILINEAR, expand=bool(rng.random() < 0.7),
                             fillcolor=colour)
    width, height = image.size
    kind = rng.random()
    if kind < p.crop:
        part = rng.uniform(0.6, 1)  # of the area
        shape = np.exp(rng.normal(0, 0.12))
        new_width, new_height = (min(1, np.sqrt(part) * factor) for factor in (shape, 1 / shape))
        left, top = rng.uniform(0, 1 - new_width), rng.uniform(0, 1 - new_height)
        image = image.crop((int(left * width), int(top * height),
                            max(int(left * width) + 1, int((left + new_width) * width)),
                            max(int(top * height) + 1, int((top + new_height) * height))))
    elif kind < p.crop + p.zoom_out:
        edges = [int(rng.uniform(0, 0.3) * length) for length in (height, height, width, width)]
        around = ((edges[0], edges[1]), (edges[2], edges[3]), (0, 0))
        mode = "symmetric" if rng.random() < 0.5 else "edge"
        image = Image.fromarray(np.pad(np.asarray(image), around, mode=mode))
    squeeze = np.exp(rng.normal(0, 0.07))
    return image.resize((max(1, int(image.width * squeeze)), max(1, int(image.height / squeeze))), Image.BILINEAR)


def _relight(image: Image.Image, rng: np.random.Generator) -> Image.Image:
    """Changes exposure, contrast, tint and saturation, and sometimes lets a shadow fall across the picture."""
    ramp = np.arange(256) / 255
    gamma, contrast, exposure = np.exp(rng.normal(0, 0.2)), np.exp(rng.normal(0, 0.12)), np.exp(rng.normal(0, 0.15))
    tint = np.exp(rng.normal(0, 0.06, 3))
    curves = [np.clip(((ramp ** gamma - 0.5) * contrast + 0.5) * exposure * channel, 0, 1) * 255 for channel in tint]
    image = image.point([int(value) for curve in curves for value in curve])
    image = ImageEnhance.Color(image).enhance(0 if rng.random() < 0.05 else float(np.clip(rng.normal(1, 0.25), 0, 1.8)))
    if rng.random() < 0.35:
        dark, light = rng.uniform(0.35, 0.9), rng.uniform(0.95, 1.25)
        angle, side = rng.uniform(0, 2 * np.pi), image.width
        y, x = np.mgrid[0:side, 0:side] / side - 0.5
        across = np.clip((x * np.cos(angle) + y * np.sin(angle)) * rng.uniform(0.7, 6) + 0.5 + rng.normal(0, 0.3), 0, 1)
        lit = np.asarray(image) * (dark + (light - dark) * across)[..., None]
        image = Image.fromarray(np.clip(lit, 0, 255).astype(np.uint8))
    return image


def _soften(image: Image.Image, rng: np.random.Generator) -> Image.Image:
    """Applies one of: out of focus, noise as in a dark room, low resolution, strong compression."""
    kind = rng.integers(4)
    if kind == 0:
        return image.filter(ImageFilter.GaussianBlur(rng.uniform(0.4, 1.8)))
    if kind == 1:
        noise = rng.standard_normal((image.height, image.width, 1), np.float32) * rng.uniform(4, 22)
        return Image.fromarray((np.asarray(image) + noise).clip(0, 255).astype(np.uint8))
    if kind == 2:
        small = int(image.width * rng.uniform(0.28, 0.7))
        return image.resize((small, small), Image.BILINEAR).resize(image.size, Image.BICUBIC)
    buffer = io.BytesIO()
    image.save(buffer, "JPEG", quality=int(rng.integers(12, 60)))
    return Image.open(buffer).convert("RGB")


def _erase(image: Image.Image, rng: np.random.Generator) -> Image.Image:
    """Covers a part, as a hand or another object would."""
    width, height = (int(image.width * rng.uniform(0.12, 0.38)) for _ in range(2))
    x, y = int(rng.uniform(0, image.width - width)), int(rng.uniform(0, image.height - height))
    ImageDraw.Draw(image).rectangle((x, y, x + width, y + height), fill=tuple(int(v) for v in rng.integers(0, 255, 3)))
    return image
