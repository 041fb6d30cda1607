"""Measures the photos of a folder, before and after training: how many, of what, from where, and what is odd about them.

`examine` measures each photo once; `report` writes what was found.
"""
import pathlib
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import numpy as np
from PIL import Image

from .. import dataset, duplicates, features, picture
from ..dataset import Photo
from ..errors import PipelineError

NEIGHBOURS = 15  # at most
MIXED_LABELS = 12  # pairs that are reported


@dataclass(frozen=True)
class Measurements:
    """Of one photo. width, height: of the upright photo, pixels. colour, border: mean colour of all pixels and of the outermost
    ring, uint8 [3]. fingerprint: see `duplicates`."""

    width: int
    height: int
    colour: np.ndarray
    border: np.ndarray
    fingerprint: np.ndarray


@dataclass
class Findings:
    """What was found about the photos below `root`; lists are in the order of `photos`.

    vectors: a network's features, float [n, C], or None. labels: most photos first. near_duplicates: groups of indices.
    odd, mixed_labels: see `_neighbourhoods`.
    """

    root: pathlib.Path
    photos: list[Photo]
    sources: list[str]
    measurements: list[Measurements]
    vectors: np.ndarray | None

    def __post_init__(self):
        counts = Counter(photo.label for photo in self.photos)
        self.labels = sorted(counts, key=lambda label: (-counts[label], label))
        self.splits = [split for split in dataset.SPLITS if any(photo.split == split for photo in self.photos)]
        found = duplicates.pairs(np.stack([own.fingerprint for own in self.measurements]))
        self.near_duplicates = duplicates.groups(found)
        self.odd, self.mixed_labels = self._neighbourhoods() if self.vectors is not None else ([], [])

    def name(self, i: int) -> str:
        """The path of photo `i` below the root, with forward slashes."""
        return self.photos[i].path.relative_to(self.root).as_posix()

    def _neighbourhoods(self) -> tuple[list[tuple[int, float, str]], list[tuple[str, str, float]]]:
        """Photos and labels that lie among others in the network's features.

        Photos: (index, share of its neighbours with another label, the most common of these labels), for shares over a half.
        Labels: (label, other label, share of the neighbours of its photos that have the other label), largest shares first.
        """
        fewest = Counter(photo.label for photo in self.photos)[self.labels[-1]]
        self.neighbours = min(NEIGHBOURS, max(3, fewest // 2))  # few enough for photos of a small label to be among their own
        near, apart = features.nearest(self.vectors, self.neighbours)
        own = np.array([photo.label for photo in self.photos])
        others = own[near] != own[:, None]
        share = others.mean(1)
        # of two photos whose neighbours all have another label, the one closer to its neighbours is likelier to be mislabelled
        order = np.lexsort((apart.mean(1), -share))
        odd = [(int(i), float(share[i]), Counter(own[near[i]][others[i]]).most_common(1)[0][0])
               for i in order if share[i] > 0.5]
        shares = Counter()
        for label in self.labels:
            chosen = own == label
            shares.update({(label, other): count / (chosen.sum() * near.shape[1])
                           for other, count in Counter(own[near[chosen]].ravel()).items() if other != label})
        return odd, [(label, other, value) for (label, other), value in shares.most_common(MIXED_LABELS)]


def examine(root: pathlib.Path, photos: list[Photo], sources: list[str], vectors: np.ndarray | None,
            skip_bad: bool = False) -> Findings:
    """Measures all photos. Photos that cannot be read raise PipelineError, or are left out with `skip_bad`."""
    def measure(photo: Photo) -> Measurements | PipelineError:
        try:
            pixels = picture.read(photo.path)
        except PipelineError as error:
            return error
        small = np.asarray(Image.fromarray(pixels).resize((32, 32), Image.BOX), np.float32)
        return Measurements(pixels.shape[1], pixels.shape[0], small.mean((0, 1)).astype(np.uint8), picture.border_colour(pixels),
                            duplicates.fingerprint(pixels))

    with ThreadPoolExecutor(4) as pool:
        results = list(pool.map(measure, photos))
    dataset.report_bad([result for result in results if isinstance(result, PipelineError)], skip_bad)
    good = [i for i, result in enumerate(results) if not isinstance(result, PipelineError)]
    if not good:
        raise PipelineError(f"{root}: no photo could be read", "look at the files named above")
    return Findings(root, [photos[i] for i in good], [sources[i] for i in good], [results[i] for i in good],
                    vectors[good] if vectors is not None else None)
