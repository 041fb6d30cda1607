"""Tables as programs and spreadsheets save them: CSV with commas, semicolons or tabs, in UTF-8 or UTF-16."""
import codecs
import csv
import io
import pathlib
import re
from collections.abc import Iterator

from . import cells
from .errors import PipelineError

DELIMITERS = ",;\t"
HINT = re.compile(r'"?sep=(.)"?[,;\t]*\n', re.IGNORECASE)  # a first line by which some programs name the delimiter


def read(file: pathlib.Path, columns: tuple[str, ...], torn: bool = False) -> list[tuple[int, dict[str, str]]]:
    """The rows that are not empty, each with its number as spreadsheets count. A cell that is missing is an empty
    one, and one that was `cells.guarded` is plain again.

    columns: those that must be there, in any order and among any others. torn: a kill may have cut the last line off, so
    one without its end does not count.
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
    """The text of a file, each line ending in "\\n", without a byte-order mark. Raises UnicodeDecodeError."""
    if content.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        text = content.decode("utf-16")
    elif b"\0" in content[:2]:  # UTF-16 without a mark: the head's first letter has a zero before or after it
        text = content.decode("utf-16-be" if content.startswith(b"\0") else "utf-16-le")
    else:
        text = content.decode("utf-8-sig")
    return text.replace("\r\n", "\n").replace("\r", "\n")


def parse(text: str, columns: tuple[str, ...]) -> list[tuple[int, dict[str, str]]]:
    """What `read` makes of a file's text. Raises KeyError where columns are missing, and csv.Error."""
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
    rows = ((number, [cells.plain(cell) for cell in row]) for number, row in enumerate(records, 1))
    return ((number, row) for number, row in rows if any(cell.strip() for cell in row))


def _names(text: str, delimiter: str, columns: tuple[str, ...]) -> list[str]:
    """What the head's cells say; of the columns asked for in whatever case they stand."""
    _, head = next(_records(text, delimiter), (1, []))
    names = [name.strip() for name in head]
    return [name.lower() if name.lower() in columns else name for name in names]
