"""Augmented views of training photos, drawn in batches, and a cache of the early stages' outputs for them.

Stem and first stages are frozen: their output for a view is computed once, stored as int8, and read again each time the
later stages are trained on it. See `refining`.
"""
import math
import pathlib
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import torch
from PIL import Image
from torch.nn import functional

from ..errors import PipelineError
from ..picture import border_colour
from .augment import cut_out

SIDE = 272  # of the squares in memory, pixels; photos are stretched to them, and regain their shape when a view is drawn
LEVELS = 127  # of int8 on each side of 0
OUTLIERS = 2e-4  # share of values that int8 clips
BATCH = 32
HIDDEN = 0.2  # share of strongly augmented views that have a part covered
SMALL = 0.2  # share of strongly augmented views that show the photo small, anywhere in the frame
ROTATED = {False: 0.2, True: 0.4}  # share of weakly (False) and strongly (True) augmented views rotated by quarter turns


@dataclass
class SquarePhotos:
    """Photos stretched to squares.

    squares: uint8 [n, 4, SIDE, SIDE], red, green, blue and the garment's mask. aspect: float32 [n], width / height.
    border: float32 [n, 3] in 0..1, mean colour of the border. cut: bool [n], whether the garment could be cut out.
    garment: bool [n], whether there is one.
    """

    squares: np.ndarray
    aspect: torch.Tensor
    border: torch.Tensor
    cut: torch.Tensor
    garment: torch.Tensor

    @classmethod
    def of(cls, pixels: list[np.ndarray], garment: list[bool]) -> "SquarePhotos":
        """pixels: uint8 [h, w, 3] each. garment: whether each photo shows one."""
        squares = np.empty((len(pixels), 4, SIDE, SIDE), np.uint8)
        cut = []
        for square, photo in zip(squares, pixels):
            stretched = np.asarray(Image.fromarray(photo).resize((SIDE, SIDE), Image.BILINEAR))
            mask = cut_out(stretched)
            cut.append(mask is not None)
            square[:3] = stretched.transpose(2, 0, 1)
            square[3] = 255 if mask is None else mask
        return cls(squares, torch.tensor([photo.shape[1] / photo.shape[0] for photo in pixels]),
                   torch.tensor(np.array([border_colour(photo) for photo in pixels]), dtype=torch.float32) / 255,
                   torch.tensor(cut), torch.tensor(garment))


class ViewSampler:
    """Draws augmented views of photos: float [n, 3, side, side] in 0..1.

    Weak augmentation changes framing, rotation, light and mirroring, as between two shots of the same garment. With strong
    augmentation the garment may also be small or cut off by the frame, have another background, or be noisy, blurry or
    partly covered. Backgrounds are photos that show no garment.
    """

    def __init__(self, photos: SquarePhotos, seed: int):
        self.photos = photos
        self.random = torch.Generator().manual_seed(seed)
        self.scenes = np.flatnonzero(~photos.garment.numpy())

    def __call__(self, indices: np.ndarray, side: int, strong: bool) -> torch.Tensor:
        count = len(indices)
        garment = self.photos.garment[indices]
        square = torch.from_numpy(self.photos.squares[indices]).float() / 255
        small = self._chance(count, SMALL if strong else 0)
        grid = self._grid(indices, side, strong, small)
        view = functional.grid_sample(square, grid, padding_mode="border", align_corners=False)
        if small.any():  # sampled from half the resolution, against aliasing
            coarse = functional.avg_pool2d(square[small], 2)
            view[small] = functional.grid_sample(coarse, grid[small], padding_mode="border", align_corners=False)
        inside = (grid.abs() <= 1).all(3)[:, None].float()
        around = self.photos.border[indices][..., None, None].expand(-1, -1, side, side)
        opaque = inside
        if strong and len(self.scenes):
            scene = self._scenes(count, side)
            lifted = self.photos.cut[indices] & garment & self._chance(count, 0.55)
            elsewhere = torch.where(small, self._chance(count, 0.5), garment & self._chance(count, 0.25))
            around = torch.where(_each(elsewhere | lifted & self._chance(count, 0.8)), scene, around)
            opaque = inside * torch.where(_each(lifted), view[:, 3:], 1.0)
        view = view[:, :3] * opaque + around * (1 - opaque)
        view = self._relit(view, 1.0 if strong else 0.5)
        return (self._degraded(view) if strong else view).clamp(0, 1)

    def _uniform(self, count: int, low: float = 0.0, high: float = 1.0) -> torch.Tensor:
        return torch.rand(count, generator=self.random) * (high - low) + low

    def _chance(self, count: int, share: float) -> torch.Tensor:
        return self._uniform(count) < share

    def _grid(self, indices: np.ndarray, side: int, strong: bool, small: torch.Tensor) -> torch.Tensor:
        """The sampling grid, float [n, side, side, 2]: rotation, scale, shift and mirroring, with the photo's shape restored."""
        count, uniform = len(indices), self._uniform
        if strong:
            scale = torch.exp(uniform(count, math.log(0.6), math.log(1.7)))
            scale = torch.where(small, torch.exp(uniform(count, math.log(1.7), math.log(3.5))), scale)
            angle = uniform(count, -0.25, 0.25)
            frame = torch.where(~small & self._chance(count, 0.3), torch.exp(uniform(count, -0.5, 0.5)), 1.0)
        else:
            scale = torch.exp(uniform(count, math.log(0.65), math.log(1.12)))
            angle, frame = uniform(count, -0.1, 0.1), torch.ones(count)
        quarters = torch.randint(1, 4, (count,), generator=self.random) * self._chance(count, ROTATED[strong])
        angle = angle + quarters * (math.pi / 2)
        stretch = torch.exp(uniform(count, -0.18, 0.18) * (1 if strong else 0.5))
        mirror = torch.where(self._chance(count, 0.5), 1.0, -1.0)
        aspect = self.photos.aspect[indices]
        half_width, half_height = aspect.clamp(max=1), (1 / aspect).clamp(max=1)
        across, down = scale * stretch * frame.sqrt(), scale / stretch / frame.sqrt()
        room = torch.where(small, scale - 1, (1 - scale).abs() * 0.8 + 0.1)
        sine, cosine = torch.sin(angle), torch.cos(angle)
        rows = [torch.stack([cosine * across * mirror, -sine * down, uniform(count, -1, 1) * room], 1) / half_width[:, None],
                torch.stack([sine * across * mirror, cosine * down, uniform(count, -1, 1) * room], 1) / half_height[:, None]]
        return functional.affine_grid(torch.stack(rows, 1), (count, 3, side, side), align_corners=False)

    def _scenes(self, count: int, side: int) -> torch.Tensor:
        """Crops of photos without a garment, float [n, 3, side, side]."""
        chosen = self.scenes[torch.randint(0, len(self.scenes), (count,), generator=self.random).numpy()]
        zoom, zero = self._uniform(count, 0.15, 0.9), torch.zeros(count)
        place = [self._uniform(count, -1, 1) * (1 - zoom) for _ in range(2)]
        rows = torch.stack([torch.stack([zoom, zero, place[0]], 1), torch.stack([zero, zoom, place[1]], 1)], 1)
        grid = functional.affine_grid(rows, (count, 3, side, side), align_corners=False)
        scenes = torch.from_numpy(self.photos.squares[chosen, :3]).float() / 255
        return functional.grid_sample(scenes, grid, padding_mode="reflection", align_corners=False)

    def _relit(self, view: torch.Tensor, strength: float) -> torch.Tensor:
        """Changes exposure, contrast, saturation and tint."""
        count = len(view)

        def factor(least: float, most: float) -> torch.Tensor:
            return _each(torch.exp(self._uniform(count, least, most) * strength))

        view = view.clamp(1e-4, 1) ** factor(-0.5, 0.5)
        mean = view.mean((2, 3), keepdim=True)
        view = (view - mean) * factor(-0.35, 0.35) + mean
        grey = view.mean(1, keepdim=True)
        view = grey + (view - grey) * factor(-0.6, 0.4)
        return view * torch.exp(self._uniform(3 * count, -0.12, 0.12)).view(count, 3, 1, 1)

    def _degraded(self, view: torch.Tensor) -> torch.Tensor:
        """Halves the resolution of some views, adds noise to some, and covers a part of some in one colour."""
        count, _, side, _ = view.shape
        coarse = functional.interpolate(functional.avg_pool2d(view, 2), size=(side, side), mode="bilinear", align_corners=False)
        view = torch.where(_each(self._chance(count, 0.25)), coarse, view)
        noise = torch.randn(view.shape, generator=self.random) * _each(self._uniform(count, 0, 0.04) * self._chance(count, 0.35))
        places = torch.linspace(0, 1, side)
        spans = [((places - self._uniform(count)[:, None]).abs() < self._uniform(count, 0.05, 0.14)[:, None]) for _ in range(2)]
        hidden = (spans[0][:, :, None] & spans[1][:, None])[:, None] & _each(self._chance(count, HIDDEN))
        return torch.where(hidden, self._uniform(3 * count).view(count, 3, 1, 1), view + noise)


def _each(values: torch.Tensor) -> torch.Tensor:
    """[n] -> [n, 1, 1, 1], to broadcast one value per picture."""
    return values[..., None, None, None]


class CachedViews:
    """The early stages' outputs for views, on disk: int8 [n, C, s, s] per round. photo: the index of each view's photo."""

    def __init__(self, folder: pathlib.Path):
        self.folder = folder
        self.photo = np.zeros(0, int)
        self.rounds: list[np.ndarray] = []
        self.place = np.zeros((0, 2), int)
        self.scale: torch.Tensor | None = None

    def add(self, number: int, indices: np.ndarray, draw: Callable[[np.ndarray], torch.Tensor], early: torch.nn.Module) -> None:
        """Adds a round of views of the photos `indices`, computed unless an earlier run has stored it.

        draw: indices -> normalised views. Raises PipelineError if the stored round has another number of views.
        """
        self.folder.mkdir(parents=True, exist_ok=True)
        file, scales = self.folder / f"{number}.npy", self.folder / "scale.npy"
        if not file.exists():
            part = file.with_suffix(".part.npy")
            made = None
            with torch.inference_mode():
                for first in range(0, len(indices), BATCH):
                    values = early(draw(indices[first:first + BATCH]))
                    if not scales.exists():
                        largest = torch.quantile(values.abs().transpose(0, 1).flatten(1)[:, :500_000], 1 - OUTLIERS, dim=1)
                        np.save(scales, (largest / LEVELS).clamp(min=1e-6).numpy())
                    if made is None:
                        scale = torch.from_numpy(np.load(scales))[:, None, None]
                        made = np.lib.format.open_memmap(part, "w+", np.int8, (len(indices), *values.shape[1:]))
                    made[first:first + BATCH] = (values / scale).round().clamp(-LEVELS, LEVELS).numpy()
            made.flush()
            part.replace(file)
        views = np.load(file, mmap_mode="r")
        if len(views) != len(indices):
            raise PipelineError(f"{file}: it has views of other photos", "remove its folder, or name another --run")
        self.scale = torch.from_numpy(np.load(scales))[:, None, None]
        self.place = np.concatenate([self.place, [[len(self.rounds), place] for place in range(len(indices))]])
        self.photo = np.concatenate([self.photo, indices])
        self.rounds.append(views)

    def __getitem__(self, views: np.ndarray) -> torch.Tensor:
        """views: indices of views, int [n] -> float [n, C, s, s]."""
        values = np.stack([self.rounds[number][place] for number, place in self.place[views]])
        return torch.from_numpy(values).float() * self.scale
