"""Drawings of garments, made by code alone, so that tests and documents need no photos.

Each drawing is cloth laid on a background: smooth closed outlines, filled with a dyed weave, lit by a height field (the
cloth bulges and has folds and seams), with a soft shadow under it. Coordinates are in a square of 0..1000 that is scaled
and placed on the background. All random numbers are seeded.
"""
from dataclasses import dataclass

import numpy as np
from PIL import Image, ImageDraw, ImageFilter

WIDTH, HEIGHT = 900, 1200  # of a finished drawing, pixels
UNIT = 1000  # side of the square in which garments are described
SCALE = 1.5  # drawings are made larger by this factor and then shrunk, against jagged edges
SIDE = int(880 * SCALE)  # of the garment's square on the canvas, pixels

CANVAS = (int(HEIGHT * SCALE), int(WIDTH * SCALE))

Point = tuple[float, float]
Colour = tuple[int, int, int]


def smooth(points: list[Point], steps: int = 14, closed: bool = True) -> list[Point]:
    """A Catmull-Rom curve through the points. A point that is given twice in a row is a corner."""
    corners = [i for i, (a, b) in enumerate(zip(points, points[1:])) if a == b]
    if closed and corners:  # begin and end at a corner, so that every piece is an open curve
        points = points[corners[0] + 1:] + points[:corners[0] + 1]
        corners = [i for i, (a, b) in enumerate(zip(points, points[1:])) if a == b]
    if corners:
        ends = [-1, *corners, len(points) - 1]
        return [point for begin, end in zip(ends, ends[1:]) for point in smooth(points[begin + 1:end + 1], steps, False)]
    if len(points) < 2:
        return points
    p = np.array(points, float)
    p = np.vstack([p[-1], p, p[:2]]) if closed else np.vstack([2 * p[0] - p[1], p, 2 * p[-1] - p[-2]])
    t = np.linspace(0, 1, steps, endpoint=False)[:, None]
    curve = [0.5 * (2 * b + (c - a) * t + (2 * a - 5 * b + 4 * c - d) * t ** 2 + (3 * b - a - 3 * c + d) * t ** 3)
             for a, b, c, d in zip(p, p[1:], p[2:], p[3:])]
    return [tuple(point) for point in np.vstack(curve + ([] if closed else [p[-2:-1]]))]


def mirrored(points: list[Point]) -> list[Point]:
    """A symmetric outline. points: its right half, from top to bottom; the axis is at x = 500."""
    return points + [(UNIT - x, y) for x, y in reversed(points)]


def noise(shape: tuple[int, int], grain: float, rng: np.random.Generator, stretch: float = 1) -> np.ndarray:
    """Smooth noise of about unit variance, float32 [h, w]; bumps of `grain` pixels, `stretch` times taller than wide."""
    height, width = shape
    small = rng.normal(size=(max(3, int(height / grain / stretch)), max(3, int(width / grain)))).astype(np.float32)
    return np.asarray(Image.fromarray(small).resize((width, height), Image.BICUBIC))


def blurred(field: np.ndarray, radius: float) -> np.ndarray:
    """Gaussian blur of a float field in 0..1."""
    image = Image.fromarray((np.clip(field, 0, 1) * 255).astype(np.uint8)).filter(ImageFilter.GaussianBlur(radius))
    return np.asarray(image, np.float32) / 255


def lit(height: np.ndarray, strength: float) -> np.ndarray:
    """Brightness factor of a height field under light from the upper left, float32 [h, w] about 1."""
    dy, dx = np.gradient(height)
    return np.clip(1 - strength * (dx * 0.6 + dy * 0.8), 0.45, 1.5)


def _window(shape: np.ndarray, margin: int) -> tuple[slice, slice]:
    """The rows and columns that a mask touches, and a margin around them: the rest need not be computed."""
    return tuple(slice(max(0, int(used[0]) - margin), min(SIDE, int(used[-1]) + margin + 1)) if len(used) else slice(0, 1)
                 for used in (np.flatnonzero(shape.any(axis)) for axis in (1, 0)))


@dataclass
class Cloth:
    """A layer of cloth: colour [n, n, 3] in 0..255 and mask [n, n] in 0..1, n = SIDE."""

    rng: np.random.Generator

    def __post_init__(self):
        self.colour = np.zeros((SIDE, SIDE, 3), np.float32)
        self.mask = np.zeros((SIDE, SIDE), np.float32)

    def shape(self, outline: list[Point]) -> np.ndarray:
        image = Image.new("L", (SIDE, SIDE))
        ImageDraw.Draw(image).polygon([(x * SIDE / UNIT, y * SIDE / UNIT) for x, y in outline], fill=255)
        return np.asarray(image, np.float32) / 255

    def stroke(self, points: list[Point], width: float, dash: float | None = None) -> np.ndarray:
        """Mask of a line `width` units wide; dashed like a seam where `dash` units are given."""
        image = Image.new("L", (SIDE, SIDE))
        draw = ImageDraw.Draw(image)
        pixels = [(x * SIDE / UNIT, y * SIDE / UNIT) for x, y in points]
        thick = max(1, round(width * SIDE / UNIT))
        if dash is None:
            draw.line(pixels, fill=255, width=thick, joint="curve")
        else:
            way, step = 0.0, dash * SIDE / UNIT
            for (x0, y0), (x1, y1) in zip(pixels, pixels[1:]):
                length = np.hypot(x1 - x0, y1 - y0)
                for begin in np.arange((-way) % step, length, step) if length else []:
                    end = min(begin + step * 0.62, length)
                    a, b = begin / length, end / length
                    draw.line([(x0 + (x1 - x0) * a, y0 + (y1 - y0) * a), (x0 + (x1 - x0) * b, y0 + (y1 - y0) * b)],
                              fill=255, width=thick)
                way += length
        return np.asarray(image, np.float32) / 255

    def add(self, shape: np.ndarray, colour: Colour | np.ndarray, folds: float = 1, bulge: float = 1,
            weave: str = "knit", edge: float = 0.25) -> None:
        """Lays a piece of cloth over the layer.

        colour: one, or a field [n, n, 3] 0..255. folds: depth of its creases. bulge: how round its rim is. weave: knit,
        twill, plain, rib or none. edge: darkness of the line where it lies on what is below.
        """
        window = _window(shape, 60)
        shape, under, rng = shape[window], self.colour[window], self.rng
        if np.ndim(colour) == 3:
            colour = colour[window]
        size = shape.shape
        y, x = np.mgrid[window].astype(np.float32)
        height = blurred(shape, 16) * 26 * bulge + blurred(shape, 50) * 50 * bulge
        if folds:
            height += folds * (noise(size, 150, rng, 1.8) * 13 + noise(size, 60, rng, 2.4) * 3.2)
        pattern = {"knit": lambda: np.sin(x * 1.1) * np.sin(y * 0.9), "plain": lambda: np.sin(x * 1.3) + np.sin(y * 1.3),
                   "twill": lambda: 1.7 * np.sin((x + y) * 0.55) + noise(size, 3, rng, 6),
                   "rib": lambda: 3.5 * np.sin(x * 0.26), "none": lambda: 0 * x}[weave]()
        light = lit(height, 0.75) * (1 + 0.022 * pattern)
        under *= 1 - edge * 2 * np.clip(blurred(shape, 9) - shape, 0, 1)[..., None]
        piece = np.clip(np.asarray(colour, np.float32) * light[..., None], 0, 255)
        under += (piece - under) * shape[..., None]
        self.mask[window] = np.maximum(self.mask[window], shape)

    def tint(self, shape: np.ndarray, colour: Colour, amount: float = 1) -> None:
        """Dyes the layer, or draws on it, keeping its light and shade."""
        window = _window(shape, 0)
        under, on_cloth = self.colour[window], self.mask[window] > 0.5
        part = (shape[window] * amount * on_cloth)[..., None]
        brightness = under.mean(2, keepdims=True) / max(float(under[on_cloth].mean()) if on_cloth.any() else 1, 1)
        under += (np.asarray(colour, np.float32) * np.clip(brightness, 0.7, 1.25) - under) * part

    def seam(self, points: list[Point], thread: Colour | None = None, closed: bool = False) -> None:
        """A line where two pieces meet: a dark groove with a light edge, and stitches if a thread is given."""
        points = smooth(points, closed=closed)
        for offset, factor in ((0, 0.62), (2.4, 1.1)):
            line = self.stroke([(x + offset, y + offset) for x, y in points], 3.2)
            window = _window(line, 6)
            self.colour[window] *= 1 - blurred(line[window], 1.6)[..., None] * (1 - factor)
        if thread:
            self.tint(self.stroke([(x - 6, y) for x, y in points], 2.4, 12), thread, 0.9)

    def button(self, x: float, y: float, radius: float, colour: Colour) -> None:
        circle = smooth([(x + radius * np.cos(a), y + radius * np.sin(a)) for a in np.linspace(0, 2 * np.pi, 13)[:-1]], 6)
        self.add(self.shape(circle), colour, 0, 0.35, "none", 0.5)
        for dx, dy in ((-1, -1), (1, -1), (-1, 1), (1, 1)):
            self.tint(self.stroke([(x + dx * radius / 4, y + dy * radius / 4), (x + dx * radius / 4 + 0.6, y + dy * radius / 4)],
                                  radius / 3.2), (60, 55, 50), 0.8)

    def lay(self, background: Image.Image, angle: float = 0, scale: float = 1, centre: Point = (0.5, 0.5)) -> Image.Image:
        """Lays the cloth on a background, with its shadow. scale: factor of its size. centre: as shares of the background's sides."""
        cloth = Image.fromarray(np.dstack([self.colour, self.mask * 255]).clip(0, 255).astype(np.uint8), "RGBA")
        cloth = cloth.rotate(angle, Image.BICUBIC).resize((round(SIDE * scale),) * 2, Image.LANCZOS)
        place = (round(background.width * centre[0] - cloth.width / 2), round(background.height * centre[1] - cloth.height / 2))
        for reach, depth in ((26, 0.5), (7, 0.45)):
            shadow = Image.new("L", background.size)
            shadow.paste(cloth.getchannel("A"), (place[0] + reach // 2, place[1] + reach // 2))
            shadow = shadow.filter(ImageFilter.GaussianBlur(reach)).point(lambda value: int(value * depth))
            background.paste((12, 10, 14), (0, 0), shadow)
        background.paste(cloth, place, cloth)
        return background


def finish(background: Image.Image, rng: np.random.Generator) -> Image.Image:
    """The picture as a camera would take it: light falling off to one side, a little grain, final size."""
    image = background.resize((WIDTH, HEIGHT), Image.LANCZOS)
    y, x = np.mgrid[0:HEIGHT, 0:WIDTH].astype(np.float32)
    light = 1.06 - 0.16 * (x / WIDTH * 0.45 + y / HEIGHT * 0.55) + 0.02 * noise((HEIGHT, WIDTH), 400, rng)
    grain = rng.normal(0, 1.6, (HEIGHT, WIDTH, 1)).astype(np.float32)
    return Image.fromarray(np.clip(np.asarray(image) * light[..., None] + grain, 0, 255).astype(np.uint8))


# Backgrounds, each as large as CANVAS

def _background(field: np.ndarray) -> Image.Image:
    return Image.fromarray(np.clip(field, 0, 255).astype(np.uint8))


def floorboards(rng: np.random.Generator) -> Image.Image:
    h, w = CANVAS
    field = np.empty((h, w, 3), np.float32)
    board = w // 5
    for i, x in enumerate(range(0, w, board)):
        wide = min(board, w - x)
        tone = np.array((186, 140, 96), np.float32) * rng.uniform(0.88, 1.08)
        grain = noise((h, wide), 5, rng, 60) * 0.045 + noise((h, wide), 22, rng, 25) * 0.05
        field[:, x:x + wide] = tone * (1 + grain[..., None])
        field[:, x:x + 4] *= 0.55
        joint = int(rng.uniform(0.1, 0.9) * h)
        field[joint:joint + 4, x:x + wide] *= 0.6
    return _background(field)


def bed_sheet(rng: np.random.Generator, colour: Colour = (226, 224, 220)) -> Image.Image:
    h, w = CANVAS
    folds = noise((h, w), 330, rng, 1.2) * 34 + noise((h, w), 120, rng, 2.2) * 8
    ridge = 14 * np.exp(-((np.mgrid[0:h, 0:w][1] - w * 0.3 - noise((h, w), 700, rng) * 120) / 26) ** 2)
    return _background(np.array(colour) * lit(folds + ridge, 0.6)[..., None] * (1 + 0.008 * rng.normal(size=(h, w, 1))))


def carpet(rng: np.random.Generator, colour: Colour = (150, 146, 142)) -> Image.Image:
    h, w = CANVAS
    tufts = noise((h, w), 5, rng) * 0.09 + noise((h, w), 11, rng) * 0.09 + noise((h, w), 240, rng) * 0.03
    return _background(np.array(colour) * (1 + tufts[..., None]))


def tiles(rng: np.random.Generator) -> Image.Image:
    h, w = CANVAS
    field = np.array((205, 200, 192)) * (1 + noise((h, w), 90, rng)[..., None] * 0.03 + noise((h, w), 20, rng)[..., None] * 0.015)
    side = w // 3
    for line in range(side // 2, h, side):
        field[line:line + 9] *= 0.72
    for line in range(side // 3, w, side):
        field[:, line:line + 9] *= 0.72
    return _background(field)


def wall(rng: np.random.Generator, colour: Colour = (222, 214, 200)) -> Image.Image:
    h, w = CANVAS
    return _background(np.array(colour) * (1 + noise((h, w), 260, rng)[..., None] * 0.02 + noise((h, w), 7, rng)[..., None] * 0.008))


# Garments

SLEEVED = [(560, 92), (600, 98), (600, 98), (720, 150), (800, 205), (880, 330), (935, 440), (935, 440), (815, 500),
           (815, 500), (770, 420), (745, 385), (745, 385), (752, 560), (758, 760), (765, 930), (765, 930), (640, 948)]


def t_shirt(rng: np.random.Generator) -> Image.Image:
    cloth, colour = Cloth(rng), (52, 120, 168)
    cloth.add(cloth.shape(smooth(mirrored([(500, 118), (560, 110)] + SLEEVED[1:]))), colour)
    neck = [(596, 92), (596, 92), (575, 150), (500, 182), (425, 150), (404, 92), (404, 92), (500, 112)]
    cloth.add(cloth.shape(smooth(neck)), (36, 82, 116), 0.2, 0.3)
    outer, inner = [(612, 88), (588, 160), (500, 202), (412, 160), (388, 88)], [(590, 88), (570, 146), (500, 178), (430, 146), (410, 88)]
    collar = smooth(outer, closed=False) + smooth(inner, closed=False)[::-1]
    cloth.add(cloth.shape(collar), (48, 112, 158), 0, 0.3, "rib")
    for side in (1, -1):
        x = lambda value, side=side: 500 + side * (value - 500)  # noqa: E731
        cloth.seam([(x(716), 150), (x(752), 250), (x(748), 392)])
        cloth.seam([(x(916), 412), (x(806), 470)], (90, 160, 205))
    cloth.seam([(238, 915), (360, 932), (500, 934), (640, 932), (762, 915)], (90, 160, 205))
    for radius, tone in ((96, (245, 190, 70)), (62, (236, 236, 228))):
        circle = smooth([(500 + radius * np.cos(a), 420 + radius * np.sin(a)) for a in np.linspace(0, 2 * np.pi, 17)[:-1]])
        cloth.tint(cloth.shape(circle), tone, 0.92)
    return finish(cloth.lay(floorboards(rng), 4), rng)


def polo_shirt(rng: np.random.Generator) -> Image.Image:
    cloth, colour, dark = Cloth(rng), (36, 104, 74), (28, 84, 60)
    cloth.add(cloth.shape(smooth(mirrored([(500, 128), (560, 116)] + SLEEVED[1:]))), colour)
    cloth.add(cloth.shape(smooth([(592, 100), (592, 100), (500, 236), (500, 236), (408, 100), (408, 100), (500, 118)])), (22, 62, 46), 0.1, 0.3)
    cloth.add(cloth.shape([(468, 196), (536, 196), (536, 420), (468, 420)]), colour, 0.2, 0.25, edge=0.4)
    for y in (250, 310, 370):
        cloth.button(502, y, 12, (236, 232, 220))
    for side in (1, -1):
        x = lambda value, side=side: 500 + side * (value - 500)  # noqa: E731
        leaf = [(x(505), 216), (x(505), 216), (x(560), 150), (x(590), 78), (x(590), 78), (x(620), 92), (x(642), 140),
                (x(642), 140), (x(606), 214), (x(566), 280), (x(566), 280)]
        cloth.add(cloth.shape(smooth(leaf)), (42, 116, 84), 0.2, 0.5, "rib", 0.5)
        cloth.tint(cloth.stroke([(x(634), 146), (x(602), 208), (x(568), 266)], 6), (236, 232, 220), 0.9)
        cloth.seam([(x(716), 150), (x(752), 250), (x(748), 392)])
        cuff = [(x(914), 398), (x(935), 440), (x(815), 500), (x(795), 462)]
        cloth.add(cloth.shape(cuff), dark, 0, 0.2, "rib")
        cloth.tint(cloth.stroke([(x(926), 424), (x(808), 484)], 6), (236, 232, 220), 0.9)
    cloth.seam([(238, 915), (360, 932), (500, 934), (640, 932), (762, 915)], (70, 140, 108))
    cloth.tint(cloth.shape(smooth([(630, 330), (652, 344), (640, 366), (612, 362), (606, 342)])), (236, 232, 220), 0.9)
    return finish(cloth.lay(bed_sheet(rng), -5), rng)


def shirt(rng: np.random.Generator) -> Image.Image:
    cloth = Cloth(rng)
    n = SIDE
    y, x = np.mgrid[0:n, 0:n].astype(np.float32) * UNIT / n
    stripe = (np.sin(x * 2 * np.pi / 26) > 0.55)[..., None]
    fabric = np.where(stripe, np.array((120, 152, 196), np.float32), np.array((226, 232, 240), np.float32))
    slanted = np.where((np.sin((x * 0.86 + y * 0.5) * 2 * np.pi / 26) > 0.55)[..., None], (120, 152, 196), (226, 232, 240)).astype(np.float32)
    for side in (1, -1):
        f = lambda points, side=side: [(500 + side * (px - 500), py) for px, py in points]  # noqa: E731
        sleeve = f([(690, 130), (760, 170), (810, 300), (850, 520), (885, 760), (885, 760), (790, 785), (790, 785), (760, 600), (735, 420), (715, 330)])
        cloth.add(cloth.shape(smooth(sleeve)), slanted, 1.3, 1, "plain")
        cuff = f([(893, 752), (902, 832), (786, 856), (782, 776)])
        cloth.add(cloth.shape(cuff), fabric, 0.2, 0.4, "plain", 0.4)
        cloth.button(*f([(806, 818)])[0], 9, (240, 240, 236))
    body = mirrored([(500, 108), (570, 96), (600, 100), (700, 134), (724, 220), (736, 330), (736, 330), (738, 560), (744, 760),
                     (735, 880), (690, 935), (600, 915)])
    cloth.add(cloth.shape(smooth(body)), fabric, 1.1, 1, "plain", 0.4)
    for side in (1, -1):
        f = lambda points, side=side: [(500 + side * (px - 500), py) for px, py in points]  # noqa: E731
        cloth.seam(f([(694, 132), (728, 230), (734, 350)]))
        cloth.seam(f([(604, 118), (650, 176), (712, 190)]))
    cloth.add(cloth.shape(smooth([(584, 84), (584, 84), (500, 196), (500, 196), (416, 84), (416, 84), (500, 100)])), (186, 196, 212), 0.1, 0.3, "plain")
    cloth.add(cloth.shape([(478, 180), (526, 180), (526, 918), (478, 918)]), fabric, 0.5, 0.3, "plain", 0.45)
    for line in (486, 518):
        cloth.tint(cloth.stroke([(line, 190), (line, 910)], 1.6, 9), (150, 165, 190), 0.8)
    for place in range(230, 900, 106):
        cloth.button(502, place, 11, (246, 246, 242))
    pocket = [(585, 330), (680, 330), (680, 425), (632, 452), (585, 425)]
    cloth.add(cloth.shape(pocket), fabric, 0.2, 0.2, "plain", 0.4)
    cloth.seam([(585, 352), (680, 352)], (150, 165, 190))
    for side in (1, -1):
        f = lambda points, side=side: [(500 + side * (px - 500), py) for px, py in points]  # noqa: E731
        leaf = f([(502, 186), (502, 186), (548, 130), (584, 62), (584, 62), (618, 78), (634, 118), (634, 118), (604, 190), (576, 252), (576, 252)])
        cloth.add(cloth.shape(smooth(leaf)), (232, 237, 244), 0.15, 0.5, "plain", 0.6)
        cloth.seam(f([(572, 238), (600, 180), (624, 118)]), (170, 182, 205))
    return finish(cloth.lay(wall(rng, (176, 122, 98)), 0, 1.02), rng)


def jeans(rng: np.random.Generator) -> Image.Image:
    cloth, denim, dark, thread = Cloth(rng), np.array((58, 84, 128), np.float32), (44, 62, 98), (206, 148, 72)
    n = SIDE
    y, x = np.mgrid[0:n, 0:n].astype(np.float32) * UNIT / n
    worn = sum(np.exp(-(((x - cx) / 62) ** 2 + ((y - cy) / 190) ** 2)) for cx in (365, 640) for cy in (420,))
    fabric = denim + worn[..., None] * np.array((66, 68, 62)) + (noise((n, n), 26, rng, 3) * 4)[..., None]
    for side in (-1, 1):
        f = lambda points, side=side: [(500 + side * (px - 500), py) for px, py in points]  # noqa: E731
        leg = f([(494, 60), (494, 60), (690, 52), (690, 52), (716, 200), (730, 330), (722, 560), (706, 780), (700, 962), (700, 962),
                 (566, 972), (566, 972), (556, 760), (540, 560), (512, 380), (494, 330), (494, 330)])
        cloth.add(cloth.shape(smooth(leg)), fabric, 1.25, 1, "twill")
        cloth.seam(f([(722, 230), (728, 340), (716, 560), (700, 780), (694, 955)]))
        cloth.seam(f([(500, 336), (528, 400), (552, 560), (566, 760), (574, 958)]), thread)
        cloth.seam(f([(572, 938), (698, 928)]), thread)
        pocket = f([(580, 112), (600, 170), (650, 204), (718, 208)])
        cloth.seam(pocket, thread)
        cloth.tint(blurred(cloth.shape(smooth(f([(590, 112), (612, 160), (655, 190), (712, 192), (700, 112)]))), 3), dark, 0.35)
        for px, py in f([(584, 120), (706, 206)]):
            cloth.button(px, py, 6, (190, 140, 88))
    cloth.seam([(500, 110), (500, 250), (496, 330)], thread)
    cloth.seam([(506, 118), (548, 130), (552, 220), (530, 290), (500, 316)], thread)
    cloth.add(cloth.shape(smooth([(306, 34), (306, 34), (500, 44), (694, 34), (694, 34), (698, 104), (698, 104), (500, 116), (302, 104), (302, 104)])),
              (54, 76, 116), 0.3, 0.5, "twill", 0.5)
    for line in (48, 98):
        cloth.tint(cloth.stroke(smooth([(308, line - 6), (500, line + 4), (692, line - 6)], closed=False), 2.4, 12), thread, 0.9)
    for px in (370, 462, 566, 640):
        cloth.add(cloth.shape([(px, 28), (px + 22, 28), (px + 22, 122), (px, 122)]), (50, 72, 112), 0, 0.3, "twill", 0.6)
    cloth.button(520, 76, 15, (176, 150, 110))
    return finish(cloth.lay(bed_sheet(rng, (224, 208, 188)), 3, 1.22), rng)


def socks(rng: np.random.Generator) -> Image.Image:
    background = carpet(rng, (168, 158, 146))
    for angle, centre in ((12, (0.33, 0.5)), (-4, (0.68, 0.52))):
        cloth = Cloth(rng)
        outline = [(430, 60), (430, 60), (590, 60), (590, 60), (592, 300), (596, 520), (640, 640), (760, 740), (820, 820), (806, 900),
                   (740, 934), (640, 912), (520, 850), (440, 780), (412, 690), (424, 500), (430, 300)]
        foot = cloth.shape(smooth(outline))
        cloth.add(foot, (196, 62, 58), 0.9, 1.1, "rib")
        y, x = np.mgrid[0:SIDE, 0:SIDE].astype(np.float32) * UNIT / SIDE
        for top in range(215, 560, 74):
            cloth.tint(foot * ((y > top) & (y < top + 30)), (238, 230, 214), 0.95)
        for centre_x, centre_y, radius in ((408, 762, 128), (840, 890, 128)):
            cloth.tint(foot * (np.hypot(x - centre_x, y - centre_y) < radius), (48, 58, 92), 0.95)
        cuff = cloth.shape(smooth([(424, 44), (424, 44), (596, 44), (596, 44), (598, 168), (598, 168), (422, 168), (422, 168)]))
        cloth.add(cuff, (48, 58, 92), 0.2, 0.7, "rib", 0.5)
        cloth.seam([(530, 640), (470, 680), (438, 770)])
        cloth.seam([(716, 800), (740, 860), (708, 925)])
        background = cloth.lay(background, angle, 0.98, centre)
    return finish(background, rng)


def shoes(rng: np.random.Generator) -> Image.Image:
    """A pair of sneakers from the side, one behind the other."""
    background = tiles(rng)
    for centre, scale in (((0.53, 0.36), 0.9), ((0.47, 0.63), 1.0)):
        shoe = Cloth(rng)
        sole = [(60, 690), (60, 690), (66, 640), (200, 655), (420, 665), (700, 668), (900, 650), (955, 640), (958, 690), (930, 722),
                (700, 738), (400, 738), (140, 738), (80, 728)]
        shoe.add(shoe.shape(smooth(sole)), (240, 238, 230), 0, 0.8, "none")
        for top in (700, 716):
            shoe.tint(shoe.stroke(smooth([(70, top), (400, top + 6), (700, top + 6), (945, top - 8)], closed=False), 3), (196, 192, 182), 0.8)
        upper = [(78, 648), (70, 560), (84, 430), (104, 352), (104, 352), (170, 372), (250, 382), (330, 366), (330, 366), (392, 380),
                 (470, 440), (560, 504), (660, 540), (790, 552), (890, 582), (938, 640), (938, 640), (700, 668), (400, 668), (160, 660)]
        whole = shoe.shape(smooth(upper))
        shoe.add(whole, (44, 70, 112), 0.35, 1.2, "plain", 0.4)
        toe = shoe.shape(smooth([(800, 668), (770, 610), (788, 552), (890, 574), (948, 630), (948, 668)])) * whole
        shoe.add(toe, (236, 234, 226), 0, 0.8, "none", 0.4)
        heel = shoe.shape(smooth([(60, 668), (56, 520), (96, 420), (150, 470), (168, 560), (170, 668)])) * whole
        shoe.add(heel, (198, 74, 52), 0.1, 0.7, "none", 0.4)
        opening = smooth([(104, 352), (104, 352), (180, 376), (260, 384), (330, 366), (330, 366), (262, 346), (170, 338)])
        shoe.add(shoe.shape(opening), (26, 30, 40), 0, 0.4, "none")
        shoe.add(shoe.shape(smooth([(322, 352), (352, 330), (420, 372), (600, 500), (690, 536), (640, 560), (520, 516), (400, 432), (330, 384)])),
                 (54, 84, 130), 0.2, 0.7, "plain", 0.5)
        for i in range(6):
            px, py = 372 + i * 52, 374 + i * 33
            shoe.add(shoe.stroke(smooth([(px - 20, py + 44), (px + 6, py + 6), (px + 46, py - 2)], closed=False), 15), (244, 242, 236), 0, 0.25, "none", 0.5)
        bow = smooth([(352, 350), (312, 300), (268, 318), (300, 352), (352, 352), (396, 300), (440, 318), (404, 352)], closed=True)
        shoe.add(shoe.stroke(bow, 11), (244, 242, 236), 0, 0.25, "none", 0.3)
        shoe.add(shoe.shape(smooth([(300, 640), (360, 560), (470, 540), (600, 600), (480, 590), (390, 606)])), (236, 234, 226), 0, 0.4, "none", 0.4)
        shoe.seam([(180, 655), (176, 560), (156, 470), (130, 420)], (150, 170, 205))
        shoe.seam([(700, 660), (690, 600), (650, 545)], (150, 170, 205))
        background = shoe.lay(background, 0, scale, centre)
    return finish(background, rng)


def dress(rng: np.random.Generator) -> Image.Image:
    cloth = Cloth(rng)
    half = [(500, 150), (556, 118), (584, 44), (584, 44), (622, 44), (622, 44), (640, 150), (668, 230), (668, 230), (648, 330), (624, 420),
            (660, 560), (720, 740), (770, 930), (770, 930), (640, 962)]
    outline = cloth.shape(smooth(mirrored(half)))
    cloth.add(outline, (150, 44, 84), 1.6)
    for _ in range(150):
        px, py = rng.uniform(220, 780), rng.uniform(60, 950)
        petals = [(px + (7 + 6 * np.cos(5 * a)) * np.cos(a), py + (7 + 6 * np.cos(5 * a)) * np.sin(a)) for a in np.linspace(0, 2 * np.pi, 31)[:-1]]
        cloth.tint(cloth.shape(petals) * outline, (246, 222, 214), 0.9)
    cloth.add(cloth.shape(smooth([(374, 400), (374, 400), (500, 414), (626, 400), (626, 400), (628, 446), (628, 446), (500, 460), (372, 446), (372, 446)])),
              (112, 28, 62), 0.2, 0.5, "plain", 0.5)
    for px in (410, 455, 545, 590):
        cloth.seam([(px, 462), (500 + (px - 500) * 1.5, 700), (500 + (px - 500) * 2.1, 940)])
    cloth.seam([(240, 908), (370, 934), (500, 938), (630, 934), (760, 908)], (200, 110, 140))
    return finish(cloth.lay(wall(rng), 0, 1.22), rng)


def landscape(rng: np.random.Generator) -> Image.Image:
    """No garment: hills behind a lake, with firs on its shore."""
    h, w = CANVAS
    y, x = np.mgrid[0:h, 0:w].astype(np.float32)
    down = (y / h)[..., None]
    clouds = np.clip(noise((h, w), 300, rng, 0.4) + noise((h, w), 90, rng, 0.5) * 0.5 - 0.4, 0, 1.2)[..., None] * (1 - down * 1.5).clip(0)
    scene = np.array((96, 150, 214)) * (1 - down) + np.array((236, 226, 206)) * down
    scene += (np.array((250, 250, 250)) - scene) * clouds * 0.8
    for base, rise, colour in ((0.42, 0.10, (132, 154, 178)), (0.50, 0.08, (96, 126, 134)), (0.57, 0.05, (72, 104, 84))):
        ridge = h * (base - rise * (noise((1, w), 260, rng) + 0.35 * noise((1, w), 60, rng) + 0.08 * noise((1, w), 9, rng)))
        slope = np.array(colour) * (1 + 0.07 * noise((h, w), 40, rng, 0.6) + 0.05 * noise((h, w), 6, rng))[..., None]
        scene = np.where((y > ridge)[..., None], slope, scene)
    shore = int(h * 0.62)
    mirror = scene[:shore][::-1][:h - shore]
    ripples = 1 + 0.10 * noise((len(mirror), w), 34, rng, 0.14)[..., None]
    scene[shore:shore + len(mirror)] = (mirror * 0.72 + np.array((60, 90, 110)) * 0.28) * ripples
    bank = h * (0.86 + 0.03 * noise((1, w), 170, rng) + 0.004 * noise((1, w), 8, rng))
    grass = np.array((74, 108, 52)) * (1 + 0.16 * noise((h, w), 5, rng, 3) + 0.1 * noise((h, w), 50, rng))[..., None]
    scene = np.where((y > bank)[..., None], grass, scene)
    for place, foot, tall in ((0.14, 0.93, 0.46), (0.27, 0.90, 0.33), (0.80, 0.95, 0.52), (0.92, 0.91, 0.36), (0.66, 0.89, 0.22)):
        from_top = (y - (foot - tall) * h) / (tall * h)
        jags = 0.55 + 0.45 * ((from_top * 13) % 1)
        fir = (from_top > 0) & (from_top < 1) & (np.abs(x - place * w + 3 * noise((h, w), 9, rng)) < from_top * jags * tall * h * 0.21)
        needles = np.array((34, 66, 44)) * (1 + 0.22 * noise((h, w), 5, rng) - 0.2 * np.sign(x - place * w))[..., None]
        scene = np.where(fir[..., None], needles, scene)
    return finish(_background(scene), rng)


GARMENTS = {"shirt": shirt, "t-shirt": t_shirt, "polo-shirt": polo_shirt, "jeans": jeans, "socks": socks, "shoes": shoes,
            "dress": dress, "not-clothing": landscape}


def draw(label: str) -> Image.Image:
    """A drawing of a label, RGB, 900 x 1200 pixels; always the same for the same label."""
    return GARMENTS[label](np.random.default_rng(sum(label.encode())))
