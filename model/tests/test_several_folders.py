"""Photos in several folders, their manifests, and figures in which each source counts equally."""
import csv
import pathlib

import numpy as np
import pytest
from PIL import Image

from clothing_model import cli, dataset, labels as labelling
from clothing_model.clean import corrections, cross_validation, decisions, losses
from clothing_model.collect import manifest
from clothing_model.errors import PipelineError
from clothing_model.judge import evaluation
from clothing_model.labels import Label

MODEL = pathlib.Path(__file__).parents[1] / "clothing.onnx"
LABELS = {label.id for label in labelling.load(labelling.DEFAULT_FILE)}


def photos(root: pathlib.Path, *places: str) -> pathlib.Path:
    """A folder with a small photo of one colour at each path, such as train/hat/0.jpg."""
    for i, place in enumerate(places):
        (root / place).parent.mkdir(parents=True, exist_ok=True)
        Image.new("RGB", (40, 30), (5 * i, 200 - 9 * i, 90)).save(root / place)
    return root


def write_manifest(file: pathlib.Path, *rows: str) -> None:
    file.write_text("\n".join(("split,label,file,setting,source", *rows)) + "\n")


@pytest.fixture
def two(tmp_path):
    """Two folders. Each lacks a label that the other has; the second has dressed people, who belong to no label."""
    return [photos(tmp_path / "old", "train/hat/0.jpg", "train/shirt/1.jpg", "val/hat/2.jpg", "val/shirt/3.jpg"),
            photos(tmp_path / "new", "train/hat/0.jpg", "train/outfit/9.jpg", "train/socks/4.jpg", "val/hat/5.jpg", "val/socks/6.jpg")]


def test_several_folders_are_one_set_of_photos(two):
    found = dataset.scan(two)
    assert [(photo.root, photo.path.relative_to(photo.root).as_posix()) for photo in found] == [
        *((two[0], place) for place in ("train/hat/0.jpg", "train/shirt/1.jpg", "val/hat/2.jpg", "val/shirt/3.jpg")),
        *((two[1], place) for place in ("train/hat/0.jpg", "train/socks/4.jpg", "val/hat/5.jpg", "val/socks/6.jpg"))]
    assert dataset.scan(two[0]) == found[:4]
    assert dataset.digest(found) == dataset.digest(found[::-1]) != dataset.digest(found[:4])


def test_a_label_may_be_missing_in_one_folder_but_not_in_all(two):
    (two[1] / "val" / "hat" / "5.jpg").rename(two[1] / "val" / "socks" / "5.jpg")
    (two[1] / "val" / "hat").rmdir()
    assert "hat" in {photo.label for photo in dataset.scan(two, ("val",))}
    (two[0] / "val" / "shirt" / "3.jpg").unlink()
    (two[0] / "val" / "shirt").rmdir()
    with pytest.raises(PipelineError, match="'shirt'") as refusal:
        dataset.scan(two)
    assert all(str(root / "val") in str(refusal.value) for root in two)


def test_a_folder_without_splits_joins_one_that_has_them(two, tmp_path):
    flat = photos(tmp_path / "flat", *(f"hat/{i}.jpg" for i in range(7)))
    found = [photo for photo in dataset.scan([two[0], flat]) if photo.root == flat]
    assert sorted(photo.split for photo in found) == ["train"] * 6 + ["val"]
    assert dataset.scan([flat], dataset.SPLITS) == dataset.scan(flat)  # the folder has no test split


def test_manifests_are_found_in_the_folder_or_beside_it(two, tmp_path):
    write_manifest(tmp_path / "manifest.csv", "train,hat,0.jpg,home,beside", "val,hat,2.jpg,home,beside")
    write_manifest(two[1] / "manifest.csv", "train,hat,0.jpg,worn,inside")
    assert manifest.sources(dataset.scan(two)) == ["beside", "unknown", "beside", "unknown", "inside", *["unknown"] * 3]
    assert manifest.sources(dataset.scan(two[1]), tmp_path / "manifest.csv")[0] == "beside"
    assert [row.get("setting") for row in manifest.rows(dataset.scan(two))][:5:4] == ["home", "worn"]


def test_each_source_counts_equally_whatever_its_size(two):
    labels = [Label("shirt", "Shirt", "shirt", "core"), Label("hat", "Hat", "hat", "garment"),
              Label("not-clothing", "No garment", "nothing", "none")]
    targets = np.array([0, 0, 0, 0, 1, 2, 2, 1])
    predicted = np.array([0, 0, 0, 1, 0, 2, 0, 1])
    logits = np.full((8, 3), 0.0)
    logits[np.arange(8), predicted] = 9.0
    logits[7] = (0, 0.1, 0)  # right, but not sure
    origins = [{"source": "shop", "setting": "product"}] * 4 + [{"source": "blog", "setting": "worn"},
                                                                {"source": "blog", "setting": "scene"}, {"source": "home"}, {}]
    result = evaluation.report(logits, targets, labels, 1.0, {"core": 0.5, "garment": 0.5}, origins)
    assert result["by_source"]["shop"] == {"photos": 4, "top1": 0.75, "top1_core": 0.75, "top1_garments": 0.75}
    assert result["by_source"]["blog"] == {"photos": 2, "top1": 0.5, "top1_core": None, "top1_garments": 0.0}
    assert [*result["by_setting"]] == ["product", "scene", "worn"] and result["by_setting"]["scene"]["top1"] == 1
    assert result["sources_alike"] == {"sources": 3, "top1": pytest.approx(1.25 / 3, abs=1e-4), "top1_core": 0.75,
                                       "top1_garments": 0.375}
    figures = result["figures"]
    assert (figures["top1_garments"], figures["top1_none"]) == (pytest.approx(4 / 6, abs=1e-4), 0.5)
    assert (figures["none_called_garment"], figures["garments_turned_away"]) == (0.5, pytest.approx(1 / 6, abs=1e-4))
    assert figures["garments_right_when_recognised"] == 0.6


def test_without_a_manifest_there_are_no_sources():
    labels = [Label("shirt", "Shirt", "shirt", "core"), Label("not-clothing", "No garment", "nothing", "none")]
    result = evaluation.report(np.eye(2), np.arange(2), labels, 1.0, {"core": 0.5}, [{}, {}])
    assert result["by_source"] == result["by_setting"] == {}
    assert result["sources_alike"] == {"sources": 0, "top1": None, "top1_core": None, "top1_garments": None}


def test_losses_are_ranked_per_folder(two, tmp_path):
    cli.main(["losses", "--data", *map(str, two), "--onnx", str(MODEL), "--cache", str(tmp_path / "cache"),
              "--out", str(tmp_path / "losses.csv")])
    for root in two:
        with (tmp_path / f"losses-{root.name}.csv").open(newline="") as file:
            rows = list(csv.DictReader(file))
        assert {row["file"] for row in rows} == {
            path.relative_to(root).as_posix() for path in root.rglob("*.jpg") if path.parent.name != "outfit"}
        assert [float(row["loss"]) for row in rows] == sorted((float(row["loss"]) for row in rows), reverse=True)


def test_a_single_folder_is_ranked_in_the_given_file(tmp_path):
    out = tmp_path / "losses.csv"
    assert losses.files(out, [tmp_path]) == {tmp_path: out}
    with pytest.raises(PipelineError, match="the same name"):
        losses.files(out, [tmp_path / "a" / "photos", tmp_path / "b" / "photos"])


def test_out_of_fold_predictions_have_seen_no_photo_of_the_same_person():
    """Each person's photos form a cluster, so that their label can only be learnt from that person's other photos."""
    pytest.importorskip("sklearn", reason="cross-validation needs the extra 'compare'")
    rng = np.random.default_rng(0)
    people = np.repeat(np.arange(40), 6)
    targets = rng.permutation(np.arange(40) % 2)[people]
    vectors = rng.normal(0, 1, (40, 200))[people] + rng.normal(0, 0.05, (240, 200))

    def right(names):
        return (cross_validation.predict(vectors, targets, 2, 1, names).argmax(1) == targets).mean()

    assert right(None) == right([""] * 240) > 0.95
    assert right([f"person {i}" for i in people]) < 0.75


def test_people_are_told_apart_by_sender_or_author(two):
    (two[1] / "manifest.csv").write_text("split,label,file,source,sender\ntrain,hat,0.jpg,phones,7\ntrain,socks,4.jpg,shop,\n")
    assert manifest.people(dataset.scan(two[1], ("train",))) == ["phones 7", "shop"]
    assert manifest.people(dataset.scan(two[0], ("train",))) == ["", ""]


def test_labels_are_corrected_by_the_table(two, tmp_path):
    file = tmp_path / "mended.csv"
    file.write_text("file,label,action,new_label,why\n" "train/hat/0.jpg,hat,relabel,shirt,it has sleeves\n"
                    "val/socks/6.jpg,socks,delete,,too dark\n" "val/hat/5.jpg,hat,keep,,\n" "test/hat/0.jpg,hat,delete,,\n")
    write_manifest(two[1] / "manifest.csv", "train,hat,0.jpg,worn,me")
    photos = dataset.scan(two)
    corrected = corrections.correct(photos, file)
    assert [photo.path for photo in corrected] == [photo.path for photo in photos if photo.path.name != "6.jpg"]
    assert [photo.label for photo in corrected if photo.path.name == "0.jpg"] == ["shirt", "shirt"]
    assert manifest.sources(corrected)[4] == "me"  # the manifest has the folder's name, not the corrected label
    assert corrections.correct(photos, tmp_path / "none.csv") == photos


def test_the_table_of_corrections_is_valid():
    rows = manifest.read(corrections.FILE, (*decisions.COLUMNS, "why"))
    assert rows and len({row["file"] for row in rows}) == len(rows)
    for row in rows:
        split, label, name = row["file"].split("/")
        assert split in ("train", "val"), f"{name}: labels of test photos are not corrected"
        assert label == row["label"] and label in LABELS and row["why"]
        assert (row["action"], bool(row["new_label"])) in (("relabel", True), ("delete", False))
        assert row["new_label"] in LABELS - {label} | {""}


def test_the_table_names_photos_that_exist():
    root = MODEL.parents[2] / "shared" / "photos"
    if not root.is_dir():
        pytest.skip(f"no photos at {root}")
    assert [row["file"] for row in manifest.read(corrections.FILE, decisions.COLUMNS) if not (root / row["file"]).is_file()] == []
