"""Carries out decisions about photos: keep, relabel, delete. No file is lost: deleted photos are moved to a bin.

Decisions are a CSV file with the columns `file,label,action,new_label`:

    file       path below the root, with forward slashes: train/shirt/0a1b.jpg, or shirt/0a1b.jpg without splits
    label      the photo's label at the time of the decision: its folder
    action     keep (or nothing), relabel, delete
    new_label  the right label, with relabel; otherwise empty

Other columns are ignored, and so is the order of columns and rows. Photos without a row stay as they are.

Deleted photos go to ROOT/.bin/<time>/, which the other verbs ignore. The journal of all moves is written there before the
first move: it is called `begun.csv` until all are made, then `journal.csv`, and `undone.csv` once they have been undone.
"""
import os
import pathlib
import time
from collections import Counter
from dataclasses import dataclass

from .. import dataset, spreadsheet
from ..collect import manifest
from ..errors import PipelineError
from ..words import count

ACTIONS = ("keep", "relabel", "delete")
COLUMNS = ("file", "label", "action", "new_label")
JOURNAL = ("from", "to")
BIN = ".bin"
SHOWN = 20  # most problems or moves that are printed


@dataclass(frozen=True)
class Move:
    """A file's move. Both paths are relative to the root."""

    origin: pathlib.PurePosixPath
    target: pathlib.PurePosixPath


def plan(root: pathlib.Path, decisions: pathlib.Path) -> list[Move]:
    """The moves that the decisions ask for. Raises one PipelineError with all problems if a row is wrong."""
    root = _checked(root)
    folder = pathlib.PurePosixPath(BIN, _new_name(root / BIN))
    labels = _labels(root)
    problems, moves = [], []
    seen: set[pathlib.PurePosixPath] = set()
    taken: set[pathlib.PurePosixPath] = set()
    for number, row in spreadsheet.read(decisions, COLUMNS):
        try:
            origin = _photo(root, row["file"], row["label"])
            if origin in seen:
                raise ValueError("an earlier row is about the same photo")
            seen.add(origin)
            action, new_label = row["action"].strip().lower() or "keep", row["new_label"].strip()
            if action not in ACTIONS:
                raise ValueError(f"the action {action!r} is not one of {', '.join(ACTIONS)}")
            if action != "relabel" and new_label:
                raise ValueError(f"it has the new_label {new_label!r}, but not the action relabel")
            if action == "relabel":
                if new_label not in labels:
                    raise ValueError(f"there is no folder for the label {new_label!r}")
                if new_label == row["label"]:
                    raise ValueError("its new_label is the label that it has already")
                target = _free(root, origin.parent.parent / new_label / origin.name, row["label"], taken)
                moves.append(Move(origin, target))
            elif action == "delete":
                moves.append(Move(origin, folder / origin))
        except ValueError as error:
            problems.append(f"{decisions}, row {number} ({row['file']}): {error}")
    if problems:
        more = f"\nand {len(problems) - SHOWN} more" if len(problems) > SHOWN else ""
        raise PipelineError("\n".join(problems[:SHOWN]) + more, "nothing was changed. Correct the table, or decide again; "
                            "for a new label, make its folder first")
    return moves


def _checked(root: pathlib.Path) -> pathlib.Path:
    if not root.is_dir():
        raise PipelineError(f"{root}: there is no such folder", "name the folder of photos with --data")
    return root.resolve()


def _labels(root: pathlib.Path) -> set[str]:
    tops = [root / split for split in dataset.SPLITS if (root / split).is_dir()] if (root / "train").is_dir() else [root]
    return {path.name for top in tops for path in top.iterdir() if path.is_dir() and not path.name.startswith(".")}


def _photo(root: pathlib.Path, name: str, label: str) -> pathlib.PurePosixPath:
    """The path of a photo that exists in its label's folder. Raises ValueError otherwise."""
    path = pathlib.PurePosixPath(name)
    depth = 3 if (root / "train").is_dir() else 2
    if not name or path.is_absolute() or "\\" in name or any(part.startswith(".") for part in path.parts):
        raise ValueError("not a relative path of a photo")
    if len(path.parts) != depth or depth == 3 and path.parts[0] not in dataset.SPLITS:
        raise ValueError("not of the form " + ("split/label/name" if depth == 3 else "label/name"))
    if path.parent.name != label:
        raise ValueError(f"its folder is not {label!r}")
    file = root / path
    if file.is_symlink() or not file.is_file():
        raise ValueError("there is no such photo")
    if file.resolve() != file:
        raise ValueError("a link leads out of the folder")
    return path


def _free(root: pathlib.Path, wanted: pathlib.PurePosixPath, label: str, taken: set) -> pathlib.PurePosixPath:
    """A path in the new folder that no other photo has or gets: `wanted`, or with a label and a number added to its name."""
    target, number = wanted, 1
    while target in taken or os.path.lexists(root / target):
        target = wanted.with_name(f"{wanted.stem}-{label}{'' if number == 1 else f'-{number}'}{wanted.suffix}")
        number += 1
    taken.add(target)
    return target


def _new_name(folder: pathlib.Path) -> str:
    """A name for a bin: the time, with a number, so that names sort by time even within one second."""
    stamp = time.strftime("%Y-%m-%dT%H-%M-%S", time.gmtime())
    number = 0
    while (folder / f"{stamp}-{number:03}").exists():
        number += 1
    return f"{stamp}-{number:03}"


def describe(moves: list[Move]) -> str:
    """A summary of the moves for a person to read."""
    if not moves:
        return "nothing to do: every photo stays as it is"

    def place(path: pathlib.PurePosixPath) -> str:
        return "bin" if path.parts[0] == BIN else path.parent.name

    changes = Counter((place(move.origin), place(move.target)) for move in moves)
    binned = sum(photos for (_, new), photos in changes.items() if new == "bin")
    lines = [f"{count(len(moves), 'photo moves', 'photos move')}, {binned} of them to the bin" if binned < len(moves) else
             f"{count(binned, 'photo moves', 'photos move')} to the bin"]
    lines += [f"  {photos} x {old} -> {new}" for (old, new), photos in changes.most_common()]
    lines += [f"    {move.origin} -> {move.target}" for move in moves[:SHOWN]]
    return "\n".join(lines + [f"    and {len(moves) - SHOWN} more"] * (len(moves) > SHOWN))


def carry_out(root: pathlib.Path, moves: list[Move]) -> pathlib.Path:
    """Makes the moves and returns their journal. Raises PipelineError if earlier moves are unfinished."""
    root = _checked(root)
    if broken := _journals(root, "begun.csv"):
        raise PipelineError(f"{broken[-1]}: these moves were begun and not finished", "undo them first, with --undo")
    folder = root / BIN / next((move.target.parts[1] for move in moves if move.target.parts[0] == BIN), _new_name(root / BIN))
    folder.mkdir(parents=True)
    begun, done = folder / "begun.csv", folder / "journal.csv"
    manifest.write(begun, JOURNAL, [{"from": str(move.origin), "to": str(move.target)} for move in moves])
    _move(root, moves)
    begun.replace(done)
    return done


def last(root: pathlib.Path) -> tuple[pathlib.Path, list[Move]]:
    """The newest journal that has not been undone, and the moves that undo it. Moves that were never made are left out.

    Raises PipelineError if there is no such journal, or if files have been changed since.
    """
    root = _checked(root)
    journals = sorted(_journals(root, "begun.csv") + _journals(root, "journal.csv"))
    if not journals:
        raise PipelineError(f"{root / BIN}: no journal to undo", "nothing was applied here, or all of it is undone")
    moves, problems = [], []
    for row in reversed(manifest.read(journals[-1], JOURNAL)):
        move = Move(*(pathlib.PurePosixPath(row[key]) for key in ("to", "from")))
        here, there = (os.path.lexists(root / place) for place in (move.origin, move.target))
        if here and there:
            problems.append(f"{root / move.target}: another file is at this place")
        elif here:
            moves.append(move)
        elif not there:
            problems.append(f"{root / move.origin}: this file is gone")
    if problems:
        raise PipelineError("\n".join(problems[:SHOWN]), f"nothing was changed. Move the files by hand; {journals[-1]} lists them")
    return journals[-1], moves


def undo(root: pathlib.Path, journal: pathlib.Path, moves: list[Move]) -> None:
    """Makes the moves that `last` gives, and marks their journal as undone. Raises PipelineError if a file is in the way."""
    _move(_checked(root), moves)
    journal.replace(journal.with_name("undone.csv"))


def _journals(root: pathlib.Path, name: str) -> list[pathlib.Path]:
    return sorted((root / BIN).glob(f"*/{name}"))


def _move(root: pathlib.Path, moves: list[Move]) -> None:
    for move in moves:
        target = root / move.target
        target.parent.mkdir(parents=True, exist_ok=True)
        if os.path.lexists(target):
            raise PipelineError(f"{target}: there is a file of this name now", "undo what was done so far, with --undo")
        (root / move.origin).rename(target)
    _update_manifest(root, moves)


def _update_manifest(root: pathlib.Path, moves: list[Move]) -> None:
    """Writes the photos' new labels and names into their manifest."""
    file = manifest.of(root)
    rows = manifest.read(file)
    named = {move.origin: move.target for move in moves if BIN not in (move.origin.parts[0], move.target.parts[0])}
    changed = False
    for row in rows:
        for split in {row["split"], ""}:  # a manifest may have splits although the folder has none
            target = named.get(pathlib.PurePosixPath(split, row["label"], row["file"]))
            if target:
                row["label"], row["file"], changed = target.parent.name, target.name, True
                break
    if changed:
        manifest.write(file, rows[0], rows)
