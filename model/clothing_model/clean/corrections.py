"""Labels found wrong on looking at the photos: a table in the repository, applied whenever photos are trained on or judged.

The photos themselves are not in the repository, and whoever has them has them as they were labelled. The table has the
columns of `decisions` and why: LABELS.md says what the labels mean.
"""
import pathlib
from collections.abc import Sequence
from dataclasses import replace

from .. import dataset
from ..collect import manifest
from ..dataset import Photo
from .decisions import COLUMNS

FILE = pathlib.Path(__file__).parents[2] / "mended.csv"


def scan(roots: Sequence[pathlib.Path], splits: tuple[str, ...] = ("train", "val")) -> list[Photo]:
    """As `dataset.scan`, with the labels mended and without the photos that show nothing that could be told."""
    return mend(dataset.scan(roots, splits))


def mend(photos: list[Photo], file: pathlib.Path = FILE) -> list[Photo]:
    """A row counts for the photo that lies at its `file` under any root, under its `label`; other photos stay."""
    decided = {row["file"]: row for row in manifest.read(file, COLUMNS)}
    mended = []
    for photo in photos:
        row = decided.get(photo.path.relative_to(photo.root).as_posix())
        if row is None or row["action"] == "keep":
            mended.append(photo)
        elif row["action"] == "relabel":
            mended.append(replace(photo, label=row["new_label"]))
    return mended
