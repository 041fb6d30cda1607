"""manifest.csv, in a folder of photos or beside it: where each photo came from.

Its first columns are split, label, file, source; split is empty if the folder has no splits. A column setting, if there is
one, says where the photo was taken, such as at home or in a shop.
"""
import io
import os
import pathlib
from collections.abc import Iterable

from .. import spreadsheet
from ..dataset import Photo

KEY = ("split", "label", "file")
COLUMNS = (*KEY, "source", "author", "licence", "licence_url", "title", "page", "url", "phrase", "width", "height",
           "sha256", "fingerprint")


def of(root: pathlib.Path) -> pathlib.Path:
    """The manifest of the photos below `root`: the one in it, or else the one beside it, which need not exist."""
    inside = root.resolve() / "manifest.csv"
    return inside if inside.is_file() else inside.parents[1] / inside.name


def read(file: pathlib.Path, columns: tuple[str, ...] = KEY, torn: bool = False) -> list[dict[str, str]]:
    """All rows; none if there is no such file. columns, torn: as for `spreadsheet.read`."""
    return [row for _, row in spreadsheet.read(file, columns, torn)] if file.exists() else []


def rows(photos: list[Photo], file: pathlib.Path | None = None) -> list[dict[str, str]]:
    """The row of each photo; an empty one for photos that are not in the manifest. file: instead of `of(root)`."""
    known = {root: {tuple(row[key] for key in KEY): row for row in read(file or of(root))}
             for root in {photo.root for photo in photos}}
    keys = [(photo.path.parent.name, photo.path.name) for photo in photos]  # the folder's name; the label may be corrected
    return [known[photo.root].get((photo.split, *key), known[photo.root].get(("", *key), {}))
            for photo, key in zip(photos, keys)]


def sources(photos: list[Photo], file: pathlib.Path | None = None) -> list[str]:
    """Where each photo came from; "unknown" for photos that are not in the manifest. file: as for `rows`."""
    return [row.get("source") or "unknown" for row in rows(photos, file)]


def people(photos: list[Photo]) -> list[str]:
    """Who each photo is from: its source, and its sender or author if the manifest has them; "" if it has nothing."""
    return [" ".join(filter(None, map(row.get, ("source", "sender", "author")))) for row in rows(photos)]


def line(values: Iterable[object]) -> bytes:
    """One row as one line, UTF-8: each line break within a value becomes a space; other white space stays."""
    buffer = io.StringIO()
    spreadsheet.Writer(buffer, lineterminator="\n").writerow([" ".join(str(value).splitlines()) for value in values])
    return buffer.getvalue().encode("utf-8", "replace")


def write(file: pathlib.Path, columns: Iterable[str], rows: Iterable[dict[str, str]]) -> None:
    """Replaces the file at once: if killed, the process leaves either the old one or the new one."""
    columns = list(columns)
    temporary = file.with_name(f".{file.name}.part")
    with temporary.open("wb") as out:
        out.write(line(columns) + b"".join(line(row.get(key) or "" for key in columns) for row in rows))
        out.flush()
        os.fsync(out.fileno())
    os.replace(temporary, file)


class Log:
    """A CSV file that rows are appended to, and that stays valid if the process is killed. rows: those of earlier runs."""

    def __init__(self, file: pathlib.Path, columns: tuple[str, ...]):
        self.file, self.columns = file, columns
        self.rows = read(file, columns, torn=True)
        write(file, columns, self.rows)  # drops an incomplete last line

    def append(self, row: dict[str, object]) -> None:
        """Appends a row; it is on disk when this returns."""
        with self.file.open("ab") as out:
            out.write(line(row.get(key, "") for key in self.columns))
            out.flush()
            os.fsync(out.fileno())
