"""Photos in folders: finding them, checking them before work starts, and decoding them."""
import hashlib
import pathlib
from collections.abc import Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace

import numpy as np
from PIL import Image

from . import picture
from .errors import PipelineError
from .labels import Label

SPLITS = ("train", "val", "test")
SUFFIXES = {".jpg", ".jpeg", ".png", ".webp", ".avif", ".gif", ".bmp"}
VAL_PART = 7  # where the folders name no splits, one photo in this many belongs to val
NO_LABEL = {"outfit"}  # a folder of dressed people, on whose photos no single garment is the subject


@dataclass(frozen=True)
class Photo:
    """A photo file. root: the folder that was scanned; the photo is in its <split>/<label>/ or <label>/."""

    path: pathlib.Path
    split: str
    label: str
    root: pathlib.Path


def scan(roots: pathlib.Path | Sequence[pathlib.Path], splits: tuple[str, ...] = ("train", "val")) -> list[Photo]:
    """All photos below one or more folders, sorted within each folder.

    They are at root/<split>/<label>/* or root/<label>/*. In the latter case the split, train or val, follows from the hash of
    a photo's name, so that adding photos moves few others between splits. Folders named in `NO_LABEL` are skipped. Raises
    PipelineError if a folder is missing or empty or has other files, or if a label has photos in one split but not in another.
    """
    roots = [roots] if isinstance(roots, pathlib.Path) else list(roots)
    photos = [photo for root in roots for photo in _tree(root, splits)]
    for split in splits:
        here = {photo.label for photo in photos if photo.split == split}  # empty for a split that no root has
        for label in sorted({photo.label for photo in photos} - here) if here else []:
            raise PipelineError(f"{named(root / split for root in roots)}: the label {label!r} has photos in "
                                "another split but none here",
                                f"add some to {roots[0] / split / label}, or remove the label everywhere")
    return photos


def _tree(root: pathlib.Path, splits: tuple[str, ...]) -> list[Photo]:
    if not root.is_dir():
        raise PipelineError(f"{root}: there is no such folder", "name the folder of photos with --data")
    if not (root / "train").is_dir():
        return [photo for photo in _divide(_folder(root, root, "")) if photo.split in splits]
    for split in splits:
        if not (root / split).is_dir():
            raise PipelineError(f"{root / split}: there is no such folder", "make it, with one folder for each label")
    return [photo for split in splits for photo in _folder(root, root / split, split)]


def _folder(root: pathlib.Path, folder: pathlib.Path, split: str) -> list[Photo]:
    labels = sorted(path for path in folder.iterdir()
                    if path.is_dir() and not path.name.startswith(".") and path.name not in NO_LABEL)
    if not labels:
        raise PipelineError(f"{folder}: it has no label folders", "put photos in one folder for each label")
    photos = []
    for label in labels:
        files = sorted(path for path in label.iterdir() if path.is_file() and not path.name.startswith("."))
        for file in files:
            if file.suffix.lower() not in SUFFIXES:
                raise PipelineError(f"{file}: not a supported picture file",
                                    f"remove it, or convert it to one of {', '.join(sorted(SUFFIXES))}")
        if not files:
            raise PipelineError(f"{label}: the folder is empty", "add photos to it, or remove it")
        photos += [Photo(file, split, label.name, root) for file in files]
    return photos


def _divide(photos: list[Photo]) -> list[Photo]:
    by_label = {}
    for photo in photos:
        by_label.setdefault(photo.label, []).append(photo)
    divided = []
    for label, group in by_label.items():
        if len(group) < 2:
            raise PipelineError(f"{group[0].path.parent}: one photo cannot serve for both training and validation",
                                "add more photos of this label")
        order = sorted(group, key=lambda photo: hashlib.sha256(photo.path.name.encode()).digest())
        kept = max(1, len(order) // VAL_PART)
        divided += [replace(photo, split="val" if i < kept else "train") for i, photo in enumerate(order)]
    return sorted(divided, key=lambda photo: (photo.split, photo.label, photo.path))


def named(paths: Iterable[pathlib.Path]) -> str:
    """Folders or files, joined by "and"."""
    return " and ".join(map(str, paths))


def check_labels(photos: list[Photo], labels: list[Label], where: str, remedy: str) -> None:
    """Raises PipelineError if a photo's label is not among a model's. where: the folders of the photos."""
    unknown = {photo.label for photo in photos} - {label.id for label in labels}
    if unknown:
        raise PipelineError(f"{where}: the model has no label {', '.join(sorted(unknown))}", remedy)


def evenly(items: list, count: int) -> list:
    """`count` of the items, evenly spaced; all of them if there are no more."""
    return [items[i * len(items) // count] for i in range(count)] if count < len(items) else items


def digest(photos: list[Photo]) -> str:
    """Identifies the data that a network was trained on: "sha256:<hex>" of the sorted lines "split label sha256-of-the-file"."""
    lines = sorted(f"{photo.split} {photo.label} {hashlib.sha256(photo.path.read_bytes()).hexdigest()}\n"
                   for photo in photos)
    return "sha256:" + hashlib.sha256("".join(lines).encode()).hexdigest()


def load(photos: list[Photo], longest: int | None = None, skip_bad: bool = False
         ) -> tuple[list[Photo], list[np.ndarray]]:
    """Decodes all photos, uint8 [h, w, 3] each, shrunk so that no side exceeds `longest` pixels.

    All files are read before training starts, and all broken ones are named in one PipelineError, so that a bad file
    never ends a training run half-way. With `skip_bad` they are reported and left out.
    """
    def one(photo: Photo) -> np.ndarray | PipelineError:
        try:
            pixels = picture.read(photo.path)
        except PipelineError as error:
            return error
        scale = longest / max(pixels.shape[:2]) if longest else 1
        if scale >= 1:
            return pixels
        size = [max(1, round(length * scale)) for length in (pixels.shape[1], pixels.shape[0])]
        return np.asarray(Image.fromarray(pixels).resize(size, Image.BICUBIC))

    with ThreadPoolExecutor(4) as pool:
        results = list(pool.map(one, photos))
    report_bad([result for result in results if isinstance(result, PipelineError)], skip_bad)
    good = [(photo, result) for photo, result in zip(photos, results) if not isinstance(result, PipelineError)]
    return [photo for photo, _ in good], [pixels for _, pixels in good]


def report_bad(errors: list[PipelineError], skip: bool) -> None:
    """Reports files that could not be read: in one PipelineError or, with `skip`, in print."""
    for error in errors[:20] if skip else []:
        print(f"left out: {error.cause}", flush=True)
    if errors and not skip:
        raise PipelineError("\n".join(error.cause for error in errors[:20])
                            + (f"\nand {len(errors) - 20} more" * (len(errors) > 20)),
                            "remove or replace these files, or skip them with --skip-bad")
