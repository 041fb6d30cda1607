"""manifest.csv in a folder of photos or beside it: where each came from. Its first columns are split, label, file,
source; split is empty where the tree has none. A column setting says in what surroundings a photo was taken."""
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
    """The manifest of the photos below `root`: the one in it, otherwise the one beside it, whether or not that exists."""
    inside = root.resolve() / "manifest.csv"
    return inside if inside.is_file() else inside.parents[1] / inside.name


def read(file: pathlib.Path, columns: tuple[str, ...] = KEY, torn: bool = False) -> list[dict[str, str]]:
    """All rows; none where there is no such file.

    columns: those that must be there. torn: a kill may have cut the last line off, so one without its end does not count.
    """
    return [row for _, row in spreadsheet.read(file, columns, torn)] if file.exists() else []


def rows(photos: list[Photo], file: pathlib.Path | None = None) -> list[dict[str, str]]:
    """The row of each photo, an empty one of those that the manifest does not have. file: instead of `of` its folder."""
    known = {root: {tuple(row[key] for key in KEY): row for row in read(file or of(root))}
             for root in {photo.root for photo in photos}}
    keys = [(photo.path.parent.name, photo.path.name) for photo in photos]  # the folder, which a mended label leaves
    return [known[photo.root].get((photo.split, *key), known[photo.root].get(("", *key), {}))
            for photo, key in zip(photos, keys)]


def sources(photos: list[Photo], file: pathlib.Path | None = None) -> list[str]:
    """Where each photo came from; "unknown" of those that the manifest does not have. file: as for `rows`."""
    return [row.get("source") or "unknown" for row in rows(photos, file)]


def people(photos: list[Photo]) -> list[str]:
    """Who each photo is from: the source, and the sender or author where the manifest tells; "" where it tells nothing."""
    return [" ".join(filter(None, map(row.get, ("source", "sender", "author")))) for row in rows(photos)]


def line(values: Iterable[object]) -> bytes:
    """One row as one line: each line break within a value becomes a space. All else stays: names may have two spaces."""
    buffer = io.StringIO()
    spreadsheet.Writer(buffer, lineterminator="\n").writerow([" ".join(str(value).splitlines()) for value in values])
    return buffer.getvalue().encode("utf-8", "replace")


def write(file: pathlib.Path, columns: Iterable[str], rows: Iterable[dict[str, str]]) -> None:
    """Replaces the file; a kill leaves the old one or the new one."""
    columns = list(columns)
    temporary = file.with_name(f".{file.name}.part")
    with temporary.open("wb") as out:
        out.write(line(columns) + b"".join(line(row.get(key) or "" for key in columns) for row in rows))
        out.flush()
        os.fsync(out.fileno())
    os.replace(temporary, file)


class Log:
    """A CSV file that grows by whole rows and survives a kill at any moment: `rows` holds those of earlier runs."""

    def __init__(self, file: pathlib.Path, columns: tuple[str, ...]):
        self.file, self.columns = file, columns
        self.rows = read(file, columns, torn=True)
        write(file, columns, self.rows)  # without a torn last line

    def append(self, row: dict[str, object]) -> None:
        """On disk when this returns."""
        with self.file.open("ab") as out:
            out.write(line(row.get(key, "") for key in self.columns))
            out.flush()
            os.fsync(out.fileno())
