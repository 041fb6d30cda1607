"""Writes a report: one HTML page, two CSV files (near-duplicates, odd photos), and charts where matplotlib is installed."""
import pathlib

from .. import spreadsheet
from . import charts, page
from .exploration import Findings


def write(findings: Findings, folder: pathlib.Path) -> pathlib.Path:
    """Writes all files of the report, and returns the HTML page."""
    folder.mkdir(parents=True, exist_ok=True)
    photos = findings.photos
    with (folder / "near-duplicates.csv").open("w", newline="", encoding="utf-8") as out:
        writer = spreadsheet.Writer(out)
        writer.writerow(("group", "file", "label", "split", "source"))
        writer.writerows((number, findings.name(i), photos[i].label, photos[i].split, findings.sources[i])
                         for number, group in enumerate(findings.near_duplicates, 1) for i in group)
    with (folder / "odd.csv").open("w", newline="", encoding="utf-8") as out:
        writer = spreadsheet.Writer(out)
        writer.writerow(("file", "label", "lies_among", "share", "action", "new_label"))
        writer.writerows((findings.name(i), photos[i].label, other, f"{share:.2f}", "", "") for i, share, other in findings.odd)
    charts.draw(findings, folder)
    file = folder / "index.html"
    file.write_text(page.render(findings), encoding="utf-8")
    return file
