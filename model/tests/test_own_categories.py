"""From URLs to a network with other labels: collect, explore, train, losses, apply, train, export, predict."""
import csv
import io
import json

import numpy as np
import pytest
from PIL import Image, ImageDraw

torch = pytest.importorskip("torch", reason="training needs the extra 'train'")
pytest.importorskip("aiohttp", reason="collecting needs the extra 'collect'")
pytest.importorskip("sklearn", reason="comparing needs the extra 'compare'")
pytest.importorskip("xgboost", reason="comparing needs the extra 'compare'")
import timm  # noqa: E402
from web import Web  # noqa: E402

from clothing_model import cli, onnx_file  # noqa: E402
from clothing_model.judge import comparison  # noqa: E402

LABELS = [{"id": "cup", "name": "Cup", "phrase": "a cup", "group": "core"}, {"id": "leaf", "name": "Leaf", "phrase": "a leaf", "group": "core"},
          {"id": "nothing", "name": "Neither", "phrase": "neither cup nor leaf", "group": "none"}]
EACH, BACKBONE = 32, "test_resnet"


def draw(label: str, seed: int) -> Image.Image:
    """A blue cup, a green leaf, or the bare background; position and size depend on the seed."""
    rng = np.random.default_rng((sum(label.encode()), seed))
    ground = Image.fromarray(rng.integers(110, 240, (12, 12, 3), np.uint8)).resize((120, 120), Image.BICUBIC)
    pen, side = ImageDraw.Draw(ground), int(rng.integers(45, 75))
    x, y = (int(value) for value in rng.integers(5, 115 - side, 2))
    if label == "cup":
        colour = (int(rng.integers(0, 50)), int(rng.integers(30, 90)), int(rng.integers(150, 230)))
        pen.ellipse((x + side // 2, y + side // 4, x + side, y + side * 3 // 4), outline=colour, width=side // 10)
        pen.rounded_rectangle((x, y, x + side * 3 // 4, y + side), side // 8, fill=colour)
    elif label == "leaf":
        colour = (int(rng.integers(20, 80)), int(rng.integers(120, 190)), int(rng.integers(0, 50)))
        pen.ellipse((x, y, x + side // 2, y + side), fill=colour)
        pen.line((x + side // 4, y, x + side // 4, y + side + 8), fill=(70, 50, 20), width=2)
    return ground


def png(image: Image.Image) -> bytes:
    buffer = io.BytesIO()
    image.save(buffer, "PNG")
    return buffer.getvalue()


def run(*arguments) -> None:
    cli.main([str(argument) for argument in arguments])


@pytest.fixture(scope="module")
def weights(tmp_path_factory):
    torch.manual_seed(0)
    file = tmp_path_factory.mktemp("weights") / "body.pt"
    torch.save(timm.create_model(BACKBONE, pretrained=False).state_dict(), file)
    return file


@pytest.fixture(scope="module")
def place(tmp_path_factory, weights):
    """A folder of collected photos, three of them under a wrong label, and of the network trained on them."""
    folder = tmp_path_factory.mktemp("own")
    (folder / "labels.json").write_text(json.dumps(LABELS))
    wrong = {("cup", 3): "leaf", ("leaf", 5): "cup", ("leaf", 8): "nothing"}
    with Web() as web, (folder / "urls.csv").open("w", newline="") as out:
        writer = csv.writer(out)
        writer.writerow(("url", "label", "author", "licence", "title"))
        for label in (entry["id"] for entry in LABELS):
            for seed in range(EACH):
                web.files[f"{label}-{seed}"] = png(draw(label, seed))
                writer.writerow((web.url(f"file/{label}-{seed}"), wrong.get((label, seed), label), "Ada", "CC0", f"{label}-{seed}"))
        out.flush()
        run("collect", "--out", folder, "--urls", folder / "urls.csv", "--rate", "1000", "--near", "4")
    train(folder, weights, "first")
    return folder


def train(folder, weights, name) -> None:
    run("train", "--data", folder / "photos", "--labels", folder / "labels.json", "--weights", weights, "--backbone", BACKBONE,
        "--run", folder / name, "--head-sizes", "64", "--sizes", "64*4", "--input-size", "64", "--batch", "16", "--workers", "0",
        "--device", "cpu", "--lr", "1e-2", "--head-lr", "1e-2", "--augment", "0.1", "--steps", "30")
    run("export", "--run", folder / name, "--onnx", folder / f"{name}.onnx", "--version", "2026.01-1")


def rows(file) -> list[dict]:
    with file.open(newline="") as opened:
        return list(csv.DictReader(opened))


def test_from_urls_to_answers_with_other_labels(place, weights, tmp_path, capsys):
    options = ("--data", place / "photos", "--onnx", place / "first.onnx", "--cache", place / "cache")
    run("explore", *options, "--out", place / "look")
    assert "96 photos of 3 labels" in (place / "look" / "index.html").read_text()

    titles = {row["file"]: row["title"] for row in rows(place / "manifest.csv")}
    run("losses", *options, "--out", place / "losses.csv")
    ranked = rows(place / "losses.csv")
    truth = [titles[row["file"].partition("/")[2]].partition("-")[0] for row in ranked]
    wrong = [i for i, row in enumerate(ranked) if row["label"] != truth[i]]
    assert len(wrong) == 3 and max(wrong) < 10, wrong
    for i in wrong:  # as a person would decide after looking at the first ten
        ranked[i] |= {"action": "relabel", "new_label": truth[i]}
    with (place / "decisions.csv").open("w", newline="") as out:
        writer = csv.DictWriter(out, ranked[0])
        writer.writeheader()
        writer.writerows(ranked)
    run("apply", place / "decisions.csv", "--data", place / "photos", "--yes")
    assert {row["file"]: row["label"] for row in rows(place / "manifest.csv")} == {
        file: title.partition("-")[0] for file, title in titles.items()}

    train(place, weights, "second")
    model = onnx_file.OnnxModel.load(place / "second.onnx")
    assert [label.id for label in model.labels] == ["cup", "leaf", "nothing"]
    capsys.readouterr()
    for label in LABELS:
        for seed in range(1000, 1005):
            draw(label["id"], seed).save(tmp_path / f"{label['id']}-{seed}.png")
    run("predict", "--json", "--onnx", place / "second.onnx", tmp_path)
    answers = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    right = [answer["label"] == answer["file"].rpartition("/")[2].partition("-")[0] for answer in answers]
    assert len(right) == 15 and sum(right) >= 14
    assert {answer["name"] for answer in answers} == {"Cup", "Leaf", "Neither"}


def test_methods_are_compared(place, weights, capsys):
    run("compare", "--data", place / "photos", "--labels", place / "labels.json", "--onnx", place / "first.onnx", "--backbone", BACKBONE,
        "--weights", weights, "--cache", place / "cache", "--out", place / "comparison", "--history", place / "first" / "history.csv")
    figures = {row["method"]: row for row in json.loads((place / "comparison" / "comparison-val.json").read_text())["methods"]}
    assert [*figures] == [method for method, *_ in comparison.METHODS] + ["fine-tuned network"]
    assert all(0 <= row["accuracy"] <= 1 and row["log_loss"] > 0 and row["seconds"] is not None for row in figures.values())
    assert figures["logistic regression"]["accuracy"] > figures["label frequencies"]["accuracy"]
    assert figures["label frequencies"]["mean_absolute_error"] == pytest.approx(4 / 9, abs=0.02)  # of three equal labels
    assert "| ridge |" in (place / "comparison" / "comparison-val.md").read_text()
    assert (place / "comparison" / "comparison-val.svg").read_text().count("<path") > 20
    assert len(rows(place / "comparison" / "comparison-val.csv")) == len(figures)


def test_cross_validation_finds_swapped_labels_without_a_network(place, weights, capsys):
    run("losses", "--data", place / "photos", "--judge", "cross-validation", "--backbone", BACKBONE, "--weights", weights,
        "--cache", place / "cache", "--out", place / "swapped.csv", "--swap", "0.1", "--seed", "2")
    assert "10 labels were swapped" in capsys.readouterr().out
    swapped = [i for i, row in enumerate(rows(place / "swapped.csv")) if row["swapped_from"]]
    assert len(swapped) == 10 and sum(i < 20 for i in swapped) >= 8


def test_figures_match_their_definitions():
    answers = np.array([[0.7, 0.2, 0.1], [0.5, 0.0, 0.5], [-0.2, 1.3, -0.1]])
    figures = comparison.Row("any", "", answers, 1.0).figures(np.array([0, 2, 1]))
    assert figures["mean_absolute_error"] == pytest.approx((0.6 + 1.0 + 0.6) / 9)
    assert figures["accuracy"] == pytest.approx(2 / 3)
    expected = -(np.log(0.7) + np.log(0.5 / 1.001) + np.log(1.3 / 1.302)) / 3
    assert figures["log_loss"] == pytest.approx(expected)
