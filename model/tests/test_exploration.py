"""`explore` and `losses` on drawn photos with known faults."""
import csv
import html.parser
import pathlib

import numpy as np
import pytest
from PIL import Image

from clothing_model import cli, dataset, duplicates, features
from clothing_model.clean import losses
from clothing_model.onnx_file import OnnxModel

MODEL = pathlib.Path(__file__).parents[1]
FILE, FIXTURES = MODEL / "clothing.onnx", MODEL.parent / "tests" / "fixtures"
EVIL = '<img src=x onerror=alert(1)>"&\''


def noise(seed: int, size=(120, 90)) -> Image.Image:
    grain = np.random.default_rng(seed).integers(0, 255, (16, 12, 3), np.uint8)
    return Image.fromarray(grain).resize(size, Image.BICUBIC)


@pytest.fixture
def root(tmp_path):
    """Photos in two splits. One has a smaller copy under another label, one a copy in the other split."""
    root = tmp_path / "photos"
    for split, first in (("train", 0), ("val", 100)):
        for k, label in enumerate(("hat", "bag", EVIL)):
            (root / split / label).mkdir(parents=True)
            for i in range(6):
                # shops send AVIF too, often named .jpg
                name = f"{i}.avif" if i == 4 and label == "bag" else f"{i}.jpg"
                kind = "AVIF" if i in (2, 4) and label == "bag" else "JPEG"
                noise(first + 10 * k + i).save(root / split / label / name, kind, quality=92)
    noise(3, (80, 60)).save(root / "train" / "bag" / "copy of hat.jpg", quality=70)
    noise(105).save(root / "train" / "hat" / f"{EVIL}.png")
    (tmp_path / "manifest.csv").write_text("split,label,file,source\n" + "".join(f"train,hat,{i}.jpg,<script>home\n" for i in range(6)))
    return root


class Reader(html.parser.HTMLParser):
    def __init__(self):
        super().__init__()
        self.tags, self.attributes, self.words = [], [], []

    def handle_starttag(self, tag, attributes):
        self.tags.append(tag)
        self.attributes += [(tag, key, value or "") for key, value in attributes]

    def handle_data(self, data):
        self.words.append(data)


def explore(root, *more) -> tuple[Reader, str]:
    out = root.parent / "look"
    cli.main(["explore", "--data", str(root), "--out", str(out), "--cache", str(root.parent / "cache"), *map(str, more)])
    reader = Reader()
    reader.feed((out / "index.html").read_text())
    return reader, " ".join(reader.words)


def test_the_report_is_self_contained_and_escapes_names(root):
    reader, words = explore(root)
    assert "script" not in reader.tags and "onerror" not in {key for _, key, _ in reader.attributes}
    assert EVIL in words and "<script>home" in words
    pictures = [value for tag, key, value in reader.attributes if tag == "img" and key == "src"]
    assert len(pictures) > 20 and all(source.startswith("data:image/jpeg;base64,") for source in pictures)
    assert not [value for _, key, value in reader.attributes if key in ("href", "src") and value.startswith(("http", "//"))]
    images = reader.tags.count("img")
    assert len([1 for tag, key, _ in reader.attributes if (tag, key) == ("img", "alt")]) == images
    assert ("html", "lang", "en") in reader.attributes and reader.tags.count("h1") == 1


def test_counts_and_near_duplicates_are_right(root):
    _, words = explore(root)
    assert "38 photos of 3 labels" in words
    with (root.parent / "look" / "near-duplicates.csv").open(newline="") as file:
        groups = {}
        for row in csv.DictReader(file):
            groups.setdefault(row["group"], set()).add(row["file"])
    assert sorted(map(sorted, groups.values())) == [["train/bag/copy of hat.jpg", "train/hat/3.jpg"],
                                                   [f"train/hat/{EVIL}.png", "val/hat/5.jpg"]]
    assert "labels: bag, hat" in words and "splits: train, val" in words


def test_a_network_finds_photos_among_another_label(tmp_path):
    """A drawing of socks in the folder of jeans lies among the socks, in the features of the shipped network."""
    root = tmp_path / "photos"
    for label in ("jeans", "socks"):
        (root / label).mkdir(parents=True)
        drawn = Image.open(FIXTURES / f"{label}.jpg").resize((150, 200))
        for i in range(9):
            drawn.rotate(4 * i, fillcolor=drawn.getpixel((0, 0))).save(root / label / f"{label}{i}.jpg")
    (root / "socks" / "socks8.jpg").rename(root / "jeans" / "sock.jpg")
    explore(root, "--onnx", FILE)
    with (tmp_path / "look" / "odd.csv").open(newline="") as file:
        (row,) = csv.DictReader(file)
    assert (row["file"], row["label"], row["lies_among"]) == ("jeans/sock.jpg", "jeans", "socks")
    # losses find it too, in a list that `apply` carries out once it is filled in
    cli.main(["losses", "--data", str(root), "--onnx", str(FILE), "--cache", str(tmp_path / "cache"), "--out", str(tmp_path / "losses.csv")])
    with (tmp_path / "losses.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert len(rows) == 18 and rows[0]["file"] == "jeans/sock.jpg" and rows[0]["predicted"] == "socks"
    assert [float(row["loss"]) for row in rows] == sorted((float(row["loss"]) for row in rows), reverse=True)
    rows[0] |= {"action": "relabel", "new_label": "socks"}
    with (tmp_path / "losses.csv").open("w", newline="") as file:
        writer = csv.DictWriter(file, rows[0])
        writer.writeheader()
        writer.writerows(rows)
    cli.main(["apply", str(tmp_path / "losses.csv"), "--data", str(root), "--yes"])
    assert (root / "socks" / "sock.jpg").exists() and len(list((root / "jeans").iterdir())) == 9


def test_features_are_computed_once(tmp_path):
    for label in ("a", "b"):
        (tmp_path / "photos" / label).mkdir(parents=True)
        for i in range(3):
            noise(i + 10 * (label == "b")).save(tmp_path / "photos" / label / f"{i}.jpg")
    model, photos = OnnxModel.load(FILE), dataset.scan(tmp_path / "photos")
    _, vectors, logits = features.of_exported(model, photos, tmp_path / "cache")
    pixels = [np.asarray(Image.open(photo.path)) for photo in photos]
    assert np.abs(model.logits(model.preprocessing.square(own) for own in pixels) - logits).max() < 1e-4
    (cache,) = (tmp_path / "cache").iterdir()
    (tmp_path / "photos" / "a" / "0.jpg").rename(tmp_path / "photos" / "b" / "moved.jpg")
    stamp = cache.stat().st_mtime_ns
    _, again, _ = features.of_exported(model, dataset.scan(tmp_path / "photos"), tmp_path / "cache")
    assert cache.stat().st_mtime_ns == stamp and np.allclose(sorted(again.sum(1)), sorted(vectors.sum(1)))
    cache.write_bytes(cache.read_bytes()[:100])  # a damaged cache is computed again
    _, again, _ = features.of_exported(model, photos[:1], tmp_path / "cache") if photos[0].path.exists() else (0, vectors[:1], 0)
    assert np.allclose(again, vectors[:1])


def test_bad_files_are_reported(root):
    (root / "train" / "hat" / "1.jpg").write_bytes(b"no picture")
    with pytest.raises(SystemExit, match="1.jpg"):
        explore(root)
    _, words = explore(root, "--skip-bad")
    assert "37 photos" in words


def test_copies_are_near_and_other_pictures_are_not():
    photo = noise(1, (400, 300))
    same = [photo, photo.resize((200, 150)), photo.convert("L").convert("RGB"), photo.point(lambda value: int(value * 0.9))]
    values = np.stack([duplicates.fingerprint(np.asarray(own)) for own in [*same, noise(2), noise(3), photo.rotate(90, expand=True)]])
    assert (duplicates.distances(values[0], values[1:4]) <= duplicates.NEAR).all()
    assert (duplicates.distances(values[0], values[4:]) > 60).all()
    assert duplicates.groups(duplicates.pairs(values)) == [[0, 1, 2, 3]]
    assert (duplicates.from_hex(duplicates.to_hex(values[0])) == values[0]).all()


def test_swapped_labels_and_the_share_of_them_found():
    targets = np.repeat(np.arange(4), 50)
    swapped, changed = losses.swap(targets, 4, 0.1, seed=3)
    assert changed.sum() == 20 and (swapped[changed] != targets[changed]).all() and (swapped[~changed] == targets[~changed]).all()
    assert (losses.swap(targets, 4, 0.1, seed=3)[0] == swapped).all() and (losses.swap(targets, 4, 0.1, seed=4)[0] != swapped).any()
    alike = np.tile([0.1, 0.4, 0.3, 0.2], (200, 1))
    likeliest, changed_too = losses.swap(targets, 4, 0.1, seed=3, alike=alike)
    assert (changed_too == changed).all() and (likeliest[changed] == np.where(targets[changed] == 1, 2, 1)).all()
    right = np.full((200, 4), 0.1)
    right[np.arange(200), targets] = 0.7
    loss = losses.losses(right, swapped)
    assert losses.found(loss, changed, 0.1) == 1 and losses.found(loss, changed, 0.05) == 0.5
    assert losses.found(-loss, changed, 0.1) == 0


def test_nearest_neighbours_match_the_definition():
    vectors = np.random.default_rng(0).normal(size=(40, 5)).astype(np.float32)
    near, apart = features.nearest(vectors, 6)
    cosines = features.normalised(vectors) @ features.normalised(vectors).T
    for i in range(40):
        expected = [j for j in np.argsort(-cosines[i], kind="stable") if j != i][:6]
        assert list(near[i]) == expected and np.allclose(apart[i], 1 - cosines[i, expected], atol=1e-5)
