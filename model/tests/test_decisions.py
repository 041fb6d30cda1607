"""`apply`: decisions are carried out completely or not at all, and can be undone."""
import csv
import pathlib

import pytest

from clothing_model import cli, spreadsheet, words
from clothing_model.clean import decisions
from clothing_model.collect import manifest
from clothing_model.errors import PipelineError


@pytest.fixture
def root(tmp_path):
    """Two splits, two labels, three photos each; some have the same name."""
    root = tmp_path / "photos"
    for split in ("train", "val"):
        for label in ("hat", "bag"):
            (root / split / label).mkdir(parents=True)
            for i in range(3):
                (root / split / label / f"{i}.jpg").write_text(f"{split} {label} {i}")
    (root / "train" / "hat" / "odd.jpg").write_text("train hat odd")
    return root


def tree(root: pathlib.Path) -> dict[str, str]:
    return {str(file.relative_to(root)): file.read_text() for file in root.rglob("*") if file.is_file() and ".bin" not in file.parts}


def write(folder: pathlib.Path, *rows, head=("file", "label", "action", "new_label")) -> pathlib.Path:
    file = folder / "decisions.csv"
    with file.open("w", newline="") as out:
        csv.writer(out).writerows([head, *rows])
    return file


def run(root, *arguments):
    cli.main(["apply", "--data", str(root), *map(str, arguments)])


DECISIONS = [("train/hat/0.jpg", "hat", "relabel", "bag"), ("train/hat/odd.jpg", "hat", "relabel", "bag"),
             ("val/bag/1.jpg", "bag", "delete", ""), ("val/bag/2.jpg", "bag", "keep", ""), ("val/hat/0.jpg", "hat", "", "")]


def test_a_dry_run_changes_nothing(root, tmp_path, capsys):
    before = tree(root)
    run(root, write(tmp_path, *DECISIONS))
    printed = capsys.readouterr().out
    assert tree(root) == before and not (root / ".bin").exists()
    assert "3 photos move, 1 of them to the bin" in printed and "2 x hat -> bag" in printed and "1 x bag -> bin" in printed
    assert "--yes" in printed
    run(root, write(tmp_path, DECISIONS[2]))
    assert capsys.readouterr().out.startswith("1 photo moves to the bin\n")
    run(root, write(tmp_path, DECISIONS[3]))
    assert capsys.readouterr().out.startswith("nothing to do: every photo stays as it is\n")


def test_decisions_are_carried_out_and_undone(root, tmp_path):
    before = tree(root)
    run(root, write(tmp_path, *DECISIONS), "--yes")
    after = tree(root)
    assert after["train/bag/odd.jpg"] == "train hat odd"
    assert after["train/bag/0-hat.jpg"] == "train hat 0" and after["train/bag/0.jpg"] == "train bag 0"  # neither is overwritten
    assert "val/bag/1.jpg" not in after and len(after) == len(before) - 1
    (binned,) = (root / ".bin").rglob("1.jpg")
    assert binned.read_text() == "val bag 1"
    run(root, "--undo")
    assert tree(root) == after
    run(root, "--undo", "--yes")
    assert tree(root) == before
    with pytest.raises(SystemExit, match="no journal"):
        run(root, "--undo", "--yes")


def test_undo_goes_back_step_by_step(root, tmp_path):
    states = [tree(root)]
    for row in (("train/hat/0.jpg", "hat", "delete", ""), ("train/hat/1.jpg", "hat", "relabel", "bag"),
                ("train/bag/1-hat.jpg", "bag", "delete", "")):
        run(root, write(tmp_path, row), "--yes")
        states.append(tree(root))
    for state in reversed(states[:-1]):
        run(root, "--undo", "--yes")
        assert tree(root) == state


@pytest.mark.parametrize("row, words", [
    (("train/hat/9.jpg", "hat", "delete", ""), "no such photo"),
    (("train/bag/0.jpg", "hat", "delete", ""), "folder is not 'hat'"),
    (("train/hat/1.jpg", "hat", "relabel", "sock"), "'sock'"),
    (("train/hat/1.jpg", "hat", "relabel", ""), "no folder for the label"),
    (("train/hat/1.jpg", "hat", "relabel", "hat"), "the label that it has already"),
    (("train/hat/1.jpg", "hat", "relabel", "../../etc"), "no folder"),
    (("train/hat/1.jpg", "hat", "remove", ""), "not one of keep"),
    (("train/hat/1.jpg", "hat", "delete", "bag"), "but not the action"),
    (("val/bag/2.jpg", "bag", "delete", ""), "an earlier row"),
    (("../outside/hat/0.jpg", "hat", "delete", ""), "not a relative path"),
    (("train/hat/../bag/0.jpg", "bag", "delete", ""), "not a relative path"),
    (("/etc/passwd", "etc", "delete", ""), "not a relative path"),
    (("train\\hat\\0.jpg", "hat", "delete", ""), "not a relative path"),
    (("train/hat", "train", "delete", ""), "split/label/name"),
    (("other/hat/0.jpg", "hat", "delete", ""), "split/label/name"),
    ((".bin/x/0.jpg", "x", "delete", ""), "not a relative path"),
    (("", "hat", "delete", ""), "not a relative path"),
])
def test_if_one_row_is_wrong_nothing_is_done(root, tmp_path, row, words):
    before = tree(root)
    with pytest.raises(SystemExit, match="nothing was changed") as stop:
        run(root, write(tmp_path, *DECISIONS, row), "--yes")
    assert words in str(stop.value) and "row 7" in str(stop.value)
    assert tree(root) == before and not (root / ".bin").exists()


def test_links_are_refused(root, tmp_path):
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "0.jpg").write_text("mine")
    (root / "train" / "link").symlink_to(outside)
    (root / "train" / "hat" / "link.jpg").symlink_to(outside / "0.jpg")
    for row in (("train/link/0.jpg", "link", "delete", ""), ("train/hat/link.jpg", "hat", "delete", "")):
        with pytest.raises(SystemExit, match="nothing was changed"):
            run(root, write(tmp_path, row), "--yes")
    assert (outside / "0.jpg").exists()


TABLE = "file,label,action,new_label\ntrain/hat/0.jpg,hat,relabel,bag\ntrain/hat/schön; 1.jpg,hat,delete,\n"
QUOTED = 'file;label;action;new_label\ntrain/hat/0.jpg;hat;relabel;bag\n"train/hat/schön; 1.jpg";hat;delete;\n'


@pytest.mark.parametrize("content", [
    TABLE.encode(),
    TABLE.replace("\n", "\r\n").encode("utf-8-sig"),
    TABLE.replace("\n", "\r").encode(),
    QUOTED.replace("\n", "\r\n").encode("utf-8-sig"),
    TABLE.replace(",", "\t").replace("\n", "\r\n").encode("utf-16"),
    TABLE.replace(",", "\t").encode("utf-16-be"),
    b"\xfe\xff" + TABLE.encode("utf-16-be"),
    ("sep=;\n" + QUOTED).encode(),
    ('"sep=|"\n' + TABLE.replace(",", "|")).encode("utf-8-sig"),
    ("\n;;;\n" + QUOTED + ";;;\n\n ; ;;\n").encode(),
    QUOTED.replace("\n", ";0,75;\n").replace("new_label;0,75;", "new_label;own;note").encode(),
    QUOTED.replace("file;label;action", " File ;LABEL;Action").replace("relabel", "Relabel").encode(),
    QUOTED.replace(";\n", "\n").encode(),
], ids=["plain", "mark", "old Mac", "semicolons", "UTF-16", "UTF-16 without mark", "UTF-16 big end first", "hint", "other hint",
        "empty rows", "decimal comma", "other case", "cells missing"])
def test_files_saved_by_spreadsheets_are_read(root, tmp_path, content):
    (root / "train" / "hat" / "schön; 1.jpg").write_text("odd name")
    (tmp_path / "decisions.csv").write_bytes(content)
    run(root, tmp_path / "decisions.csv", "--yes")
    after = tree(root)
    assert after["train/bag/0-hat.jpg"] == "train hat 0"
    assert "train/hat/schön; 1.jpg" not in after and [file.read_text() for file in (root / ".bin").rglob("*.jpg")] == ["odd name"]


def test_rows_are_numbered_as_in_the_spreadsheet(root, tmp_path):
    (tmp_path / "decisions.csv").write_bytes(b"\xef\xbb\xbffile;label;action;new_label\r\n;;;\r\n\r\ntrain/hat/9.jpg;hat;delete;\r\n")
    with pytest.raises(SystemExit, match=r"row 4 \(train/hat/9.jpg\): there is no such photo"):
        run(root, tmp_path / "decisions.csv")


def test_a_legacy_encoding_is_refused_with_advice(root, tmp_path):
    (tmp_path / "decisions.csv").write_bytes(TABLE.encode("cp1252"))
    with pytest.raises(SystemExit, match="CSV UTF-8"):
        run(root, tmp_path / "decisions.csv", "--yes")


def test_a_manifest_saved_by_a_spreadsheet_is_read(tmp_path):
    (tmp_path / "manifest.csv").write_bytes("split;label;file;source\r\n;hüte;1.jpg;me\r\n;;;\r\n".encode("utf-8-sig"))
    assert manifest.read(tmp_path / "manifest.csv") == [{"split": "", "label": "hüte", "file": "1.jpg", "source": "me"}]


def test_numbers_are_put_into_words():
    assert [words.count(number, "photo") for number in (0, 1, 2, 1891)] == ["0 photos", "1 photo", "2 photos", "1,891 photos"]
    assert words.count(1, "address", "addresses") == "1 address" and words.count(2, "address", "addresses") == "2 addresses"
    shares = (0, 0.004, 0.006, 0.5, 0.994, 0.996, 1)
    assert [words.percent(share) for share in shares] == ["under 1 %"] * 2 + ["1 %", "50 %", "99 %"] + ["over 99 %"] * 2


def test_numbers_have_a_decimal_point_or_comma():
    assert [spreadsheet.number(text) for text in ("0.75", "0,75", "12", "1e-3")] == [0.75, 0.75, 12, 0.001]


def test_a_file_without_decisions_is_reported(root, tmp_path):
    with pytest.raises(SystemExit, match="no column action, new_label"):
        run(root, write(tmp_path, head=("file", "label")), "--yes")
    with pytest.raises(SystemExit, match="no such file"):
        run(root, tmp_path / "none.csv")
    with pytest.raises(SystemExit, match="either"):
        run(root)


def test_other_columns_and_orders_do_not_matter(root, tmp_path):
    run(root, write(tmp_path, ("0.9", "", "delete", "hat", "train/hat/0.jpg"), head=("loss", "new_label", "action", "label", "file")),
        "--yes")
    assert "train/hat/0.jpg" not in tree(root)


def test_the_last_row_needs_no_line_break(root, tmp_path):
    file = tmp_path / "decisions.csv"
    file.write_bytes(b"\xef\xbb\xbffile,label,action,new_label\r\ntrain/hat/0.jpg,hat,delete,")
    run(root, file, "--yes")
    assert "train/hat/0.jpg" not in tree(root)


def test_interrupted_moves_can_be_undone(root, tmp_path, monkeypatch):
    before, moves = tree(root), decisions.plan(root, write(tmp_path, *DECISIONS))
    rename = pathlib.Path.rename
    with monkeypatch.context() as patch:
        def fail_at_second(path, target):
            if path.name == "odd.jpg":
                raise KeyboardInterrupt
            return rename(path, target)

        patch.setattr(pathlib.Path, "rename", fail_at_second)
        with pytest.raises(KeyboardInterrupt):
            decisions.carry_out(root, moves)
    assert tree(root) != before
    with pytest.raises(PipelineError, match="not finished"):
        decisions.carry_out(root, moves)
    run(root, "--undo", "--yes")
    assert tree(root) == before


def test_undo_overwrites_nothing(root, tmp_path):
    run(root, write(tmp_path, *DECISIONS), "--yes")
    (root / "val" / "bag" / "1.jpg").write_text("a new photo")
    state = tree(root)
    with pytest.raises(SystemExit, match="another file"):
        run(root, "--undo", "--yes")
    assert tree(root) == state


def test_the_manifest_is_updated(root, tmp_path):
    file = tmp_path / "manifest.csv"
    rows = [{"split": "train", "label": "hat", "file": "0.jpg", "source": "me"}, {"split": "val", "label": "bag", "file": "1.jpg", "source": "you"}]
    manifest.write(file, rows[0], rows)
    run(root, write(tmp_path, *DECISIONS), "--yes")
    assert [tuple(row.values()) for row in manifest.read(file)] == [("train", "bag", "0-hat.jpg", "me"), ("val", "bag", "1.jpg", "you")]
    run(root, "--undo", "--yes")
    assert manifest.read(file) == rows


def test_folders_without_splits(tmp_path):
    root = tmp_path / "photos"
    for label in ("hat", "bag"):
        (root / label).mkdir(parents=True)
        (root / label / "0.jpg").write_text(label)
    run(root, write(tmp_path, ("hat/0.jpg", "hat", "relabel", "bag")), "--yes")
    assert tree(root) == {"bag/0.jpg": "bag", "bag/0-hat.jpg": "hat"}


@pytest.mark.parametrize("text", ["=1+1", "-hat", "+", "@me", "\t=1", "two\n=lines\r\n-x", "'=quoted", "''", "", "plain", "a=b"])
def test_cells_are_not_formulas_and_are_read_back_unchanged(text):
    cell = spreadsheet.guarded(text)
    assert not any(line[:1] in "=+-@\t" and line for line in cell.splitlines())
    assert spreadsheet.plain(cell) == text


def test_numbers_stay_numbers():
    assert [spreadsheet.guarded(value) for value in (-0.5, "-0.5000", 3, "1e-3")] == ["-0.5", "-0.5000", "3", "1e-3"]


def test_photos_named_like_formulas_are_found(tmp_path):
    root = tmp_path / "photos"
    for label in ("=hat", "@bag"):
        (root / label).mkdir(parents=True)
    for name in ("=1.jpg", "-2.jpg"):
        (root / "=hat" / name).write_text(name)
    head = ("split", "label", "file", "source")
    manifest.write(tmp_path / "manifest.csv", head, [dict(zip(head, ("", "=hat", "=1.jpg", "=SUM(A1)")))])
    assert (tmp_path / "manifest.csv").read_text().splitlines()[1] == ",'=hat,'=1.jpg,'=SUM(A1)"
    run(root, write(tmp_path, ("'=hat/=1.jpg", "'=hat", "relabel", "'@bag"), ("=hat/-2.jpg", "=hat", "delete", "")), "--yes")
    assert tree(root) == {"@bag/=1.jpg": "=1.jpg"}
    assert manifest.read(tmp_path / "manifest.csv")[0] == dict(zip(head, ("", "@bag", "=1.jpg", "=SUM(A1)")))
    (journal,) = root.glob(".bin/*/journal.csv")
    assert "'=hat/=1.jpg" in journal.read_text()
    run(root, "--undo", "--yes")
    assert tree(root) == {"=hat/=1.jpg": "=1.jpg", "=hat/-2.jpg": "-2.jpg"}
