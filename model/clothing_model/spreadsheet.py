"""CSV tables that people open in spreadsheets: read as programs and spreadsheets save them, written so that no cell is run.

Read are commas, semicolons or tabs, in UTF-8 or UTF-16. A cell that a spreadsheet would run as a formula is written with an
apostrophe before the formula's first character, at the start of the cell and after each line break in it; reading takes the
apostrophes away again. `src/csv.rs` does the same.
"""
import codecs
import csv
import io
import pathlib
import re
from collections.abc import Iterable, Iterator

from .errors import PipelineError

DELIMITERS = ",;\t"
HINT = re.compile(r'"?sep=(.)"?[,;\t]*\n', re.IGNORECASE)  # some programs name the delimiter in a first line

_AT_LINE_START = r"(?:(?<=[\r\n])|\A)"
_FORMULA = r"[=+\-@\t\r]"
_RISKY = re.compile(rf"{_AT_LINE_START}(?='*{_FORMULA})")
_GUARDED = re.compile(rf"{_AT_LINE_START}'(?='*{_FORMULA})")


def guarded(value: object) -> str:
    """The text of a cell that no spreadsheet runs as a formula. Numbers stay as they are."""
    text = "" if value is None else str(value)
    try:
        float(text)
    except ValueError:
        return _RISKY.sub("'", text)
    return text


def plain(text: str) -> str:
    """The text that was `guarded`."""
    return _GUARDED.sub("", text)


class Writer:
    """A csv.writer that guards each cell."""

    def __init__(self, file, **options):
        self._writer = csv.writer(file, **options)

    def writerow(self, row: Iterable[object]) -> None:
        self._writer.writerow([guarded(value) for value in row])

    def writerows(self, rows: Iterable[Iterable[object]]) -> None:
        for row in rows:
            self.writerow(row)


def read(file: pathlib.Path, columns: tuple[str, ...], torn: bool = False) -> list[tuple[int, dict[str, str]]]:
    """The rows that are not empty, each with its number as spreadsheets count. Missing cells are empty, guarded ones plain.

    columns: those that must be there, in any order and among any others. torn: the program that wrote the file may have
    been killed, so a last line without a line break is ignored. Raises PipelineError if the file cannot be read.
    """
    try:
        text = decode(file.read_bytes())
        return parse(text[:text.rfind("\n") + 1] if torn else text, columns)
    except FileNotFoundError:
        raise PipelineError(f"{file}: there is no such file", "name a CSV file") from None
    except UnicodeDecodeError as error:
        raise PipelineError(f"{file}: its text is neither UTF-8 nor UTF-16", "save it as “CSV UTF-8”") from error
    except (KeyError, csv.Error) as error:
        raise PipelineError(f"{file}: {error.args[0]}", f"its first row must name the columns {', '.join(columns)}") from None
    except OSError as error:
        raise PipelineError(f"{file}: {error.strerror}", "name a CSV file that can be read") from error


def decode(content: bytes) -> str:
    """The text of a file, with "\\n" at the end of each line and no byte-order mark. Raises UnicodeDecodeError."""
    if content.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        text = content.decode("utf-16")
    elif b"\0" in content[:2]:  # UTF-16 without a mark: one byte of the first letter is zero
        text = content.decode("utf-16-be" if content.startswith(b"\0") else "utf-16-le")
    else:
        text = content.decode("utf-8-sig")
    return text.replace("\r\n", "\n").replace("\r", "\n")


def parse(text: str, columns: tuple[str, ...]) -> list[tuple[int, dict[str, str]]]:
    """The rows of a file's text, as `read` gives them. Raises KeyError where columns are missing, and csv.Error."""
    if hint := HINT.match(text):
        text, delimiter = text[hint.end():], hint[1]
    else:
        delimiter = max(DELIMITERS, key=lambda own: len(set(columns) & set(_names(text, own, columns))))
    names = _names(text, delimiter, columns)
    if missing := [column for column in columns if column not in (names or columns)]:
        raise KeyError(f"no column {', '.join(missing)}")
    return [(number, dict(zip(names, row + [""] * len(names)))) for number, row in list(_records(text, delimiter))[1:]]


def number(text: str) -> float:
    """With a decimal point or a decimal comma. Raises ValueError."""
    return float(text.replace(",", "."))


def _records(text: str, delimiter: str) -> Iterator[tuple[int, list[str]]]:
    records = csv.reader(io.StringIO(text), delimiter=delimiter)
    rows = ((number, [plain(cell) for cell in row]) for number, row in enumerate(records, 1))
    return ((number, row) for number, row in rows if any(cell.strip() for cell in row))


def _names(text: str, delimiter: str, columns: tuple[str, ...]) -> list[str]:
    """The columns' names; upper and lower case do not matter for those asked for."""
    _, head = next(_records(text, delimiter), (1, []))
    names = [name.strip() for name in head]
    return [name.lower() if name.lower() in columns else name for name in names]
