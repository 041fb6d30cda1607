"""Text in tables that people open in spreadsheets: cells that these would run as formulas, and how they are kept from it.

An apostrophe before a formula's first character makes a text of it, at the start of a cell and after each line break in
it. `src/csv.rs` does the same. What is read goes through `plain`, which takes the apostrophes away again.
"""
import csv
import re
from collections.abc import Iterable

_AT_LINE_START = r"(?:(?<=[\r\n])|\A)"
_FORMULA = r"[=+\-@\t\r]"
_RISKY = re.compile(rf"{_AT_LINE_START}(?='*{_FORMULA})")
_GUARDED = re.compile(rf"{_AT_LINE_START}'(?='*{_FORMULA})")


def guarded(value: object) -> str:
    """A cell that no spreadsheet runs. Numbers stay as they are."""
    text = "" if value is None else str(value)
    try:
        float(text)
    except ValueError:
        return _RISKY.sub("'", text)
    return text


def plain(text: str) -> str:
    """What was `guarded`."""
    return _GUARDED.sub("", text)


class Writer:
    """csv.writer whose cells are guarded."""

    def __init__(self, file, **options):
        self._writer = csv.writer(file, **options)

    def writerow(self, row: Iterable[object]) -> None:
        self._writer.writerow([guarded(value) for value in row])

    def writerows(self, rows: Iterable[Iterable[object]]) -> None:
        for row in rows:
            self.writerow(row)
