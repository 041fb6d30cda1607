"""Label corrections: a table in the repository, applied whenever photos are used for training or evaluation.

The photos themselves are not in the repository; copies of them have the original labels. The table has the columns of
`decisions`, and a reason: LABELS.md says what the labels mean.
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
    """As `dataset.scan`, with corrected labels, and without photos on which no garment can be made out."""
    return correct(dataset.scan(roots, splits))


def correct(photos: list[Photo], file: pathlib.Path = FILE) -> list[Photo]:
    """Applies the table. A row applies to the photo at `file` below any root; other photos stay as they are."""
    decided = {row["file"]: row for row in manifest.read(file, COLUMNS)}
    corrected = []
    for photo in photos:
        row = decided.get(photo.path.relative_to(photo.root).as_posix())
        if row is None or row["action"] == "keep":
            corrected.append(photo)
        elif row["action"] == "relabel":
            corrected.append(replace(photo, label=row["new_label"]))
    return corrected
