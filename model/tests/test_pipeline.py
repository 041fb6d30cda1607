"""The whole pipeline on generated photos: one colour per label, a tiny network, a few steps."""
import csv
import json
import pathlib
import shutil

import numpy as np
import pytest
from PIL import Image

torch = pytest.importorskip("torch", reason="the pipeline's own tests need the extra 'train'")
import onnx  # noqa: E402
import timm  # noqa: E402
from test_operators import adopt, classified_by_the_command_line  # noqa: E402

from clothing_model import cli, dataset, onnx_file  # noqa: E402
from clothing_model.errors import PipelineError  # noqa: E402
from clothing_model.export import exporting, graph, operators, quantisation  # noqa: E402
from clothing_model.judge import calibration, evaluation, robustness  # noqa: E402
from clothing_model.labels import Label  # noqa: E402
from clothing_model.picture import Preprocessing  # noqa: E402
from clothing_model.train import augment, callbacks, loaders, reopen  # noqa: E402
from clothing_model.train.network import Classifier  # noqa: E402
from clothing_model.train.run import Run  # noqa: E402
from clothing_model.train.settings import Settings  # noqa: E402

COLOURS = {"jeans": (40, 70, 160), "socks": (200, 60, 50), "not-clothing": (70, 160, 60)}
BACKBONE = "test_resnet"
SHIPPED = pathlib.Path(__file__).parents[1] / "clothing.onnx"


@pytest.fixture(scope="session")
def photos(tmp_path_factory):
    root, rng = tmp_path_factory.mktemp("data") / "photos", np.random.default_rng(0)
    for split, count in (("train", 16), ("val", 8), ("test", 8)):
        for label, colour in COLOURS.items():
            folder = root / split / label
            folder.mkdir(parents=True)
            for i in range(count):
                width, height = rng.integers(60, 110, 2)
                pixels = np.array(colour) * rng.uniform(0.7, 1.2) + rng.normal(0, 25, (height, width, 3))
                # shops send AVIF too, often named .jpg
                name, kind = {5: ("5.avif", "AVIF"), 6: ("6.jpg", "AVIF")}.get(i, (f"{i}.jpg", "JPEG"))
                Image.fromarray(pixels.clip(0, 255).astype(np.uint8)).save(folder / name, kind)
    return root


def random_weights(backbone, file):
    torch.manual_seed(0)
    torch.save(timm.create_model(backbone, pretrained=False).state_dict(), file)
    return file


@pytest.fixture(scope="session")
def weights(tmp_path_factory):
    return random_weights(BACKBONE, tmp_path_factory.mktemp("weights") / "body.pt")


def train(photos, weights, folder, *more):
    cli.main(["train", "--data", str(photos), "--weights", str(weights), "--backbone", BACKBONE, "--run", str(folder),
              "--head-sizes", "64", "--sizes", "64*3", "--input-size", "64", "--batch", "16", "--workers", "0", "--device",
              "cpu", "--lr", "3e-3", "--augment", "0.1", "--head-lr", "1e-2", "--steps", "12", *more])


@pytest.fixture(scope="session")
def run(photos, weights, tmp_path_factory):
    folder = tmp_path_factory.mktemp("runs") / "whole"
    train(photos, weights, folder)
    return folder


@pytest.fixture(scope="session")
def exported(run):
    cli.main(["calibrate", "--run", str(run)])
    file = run / "tiny.onnx"
    cli.main(["export", "--run", str(run), "--onnx", str(file), "--version", "2026.01-7"])
    return file


def history(run):
    with (run / "history.csv").open() as file:
        return [(row["stage"], row["epoch"]) for row in csv.DictReader(file)]


STAGES = [("head", "1"), ("body", "1"), ("body", "2"), ("body", "3")]


def test_training_writes_history_and_plots_and_learns(run):
    assert history(run) == STAGES
    assert (run / "lr_find_head.png").exists() and (run / "lr_find_body.png").exists()
    with (run / "history.csv").open() as file:
        losses = [float(row["valid_loss"]) for row in csv.DictReader(file)]
    assert losses[-1] < 0.9  # guessing among three labels gives 1.1


def test_a_resumed_training_ends_with_the_same_weights(photos, weights, run, tmp_path, monkeypatch):
    before_epoch = callbacks.Progress.before_epoch

    def stop_at_third(progress):
        if progress.stage == "body" and progress.epoch == 2:
            raise KeyboardInterrupt
        before_epoch(progress)

    folder = tmp_path / "stopped"
    with monkeypatch.context() as patch:
        patch.setattr(callbacks.Progress, "before_epoch", stop_at_third)
        with pytest.raises(SystemExit, match="kept"):
            train(photos, weights, folder)
    assert history(folder) == STAGES[:3]
    with pytest.raises(SystemExit, match="--resume"):
        train(photos, weights, folder)
    cli.main(["train", "--resume", "--run", str(folder)])
    assert history(folder) == STAGES
    whole, resumed = (Run.load(path).state["average"] for path in (run, folder))
    for key, value in whole.items():
        torch.testing.assert_close(resumed[key], value, rtol=1e-3, atol=1e-4, msg=lambda text, key=key: f"{key}: {text}")


def test_a_run_can_begin_from_another(photos, weights, run, tmp_path):
    folder = tmp_path / "further"
    train(photos, weights, folder, "--begin", str(run), "--sizes", "64")
    assert history(folder) == [("body", "1")]


def test_several_folders_are_trained_on_and_evaluated_together(photos, weights, tmp_path):
    roots = [tmp_path / "a", tmp_path / "b"]
    for split, label in ((path.parent.name, path.name) for path in photos.glob("*/*")):
        for i, file in enumerate(sorted((photos / split / label).iterdir())):
            folder = roots[i % 2] / split / label
            folder.mkdir(parents=True, exist_ok=True)
            shutil.copy(file, folder)
    (roots[1] / "manifest.csv").write_text("split,label,file,setting,source\ntest,jeans,1.jpg,home,me\n")
    folder, file = tmp_path / "run", tmp_path / "two.onnx"
    train(roots[0], weights, folder, "--data", *map(str, roots), "--sizes", "64", "--steps", "3")
    run = Run.load(folder)
    assert run.settings.roots == roots and run.digest == dataset.digest(dataset.scan(photos))
    with (folder / "history.csv").open() as opened:
        for row in csv.DictReader(opened):  # each folder has half of the val photos
            halves = [float(row["accuracy_1_a"]), float(row["accuracy_2_b"])]
            assert float(row["accuracy"]) == pytest.approx(sum(halves) / 2, abs=1e-3)
    cli.main(["export", "--run", str(folder), "--onnx", str(file)])
    cli.main(["evaluate", "--onnx", str(file), "--data", *map(str, roots), "--split", "test", "--out", str(tmp_path)])
    result = json.loads((tmp_path / "test.json").read_text())
    assert result["figures"]["photos"] == 24 and [*result["by_source"]] == ["me"] and result["by_setting"]["home"]["photos"] == 1


def test_an_older_run_with_a_single_folder_still_loads(photos, run, tmp_path):
    shutil.copytree(run, tmp_path / "earlier")
    state = torch.load(run / "checkpoint.pt", weights_only=False)
    state["settings"]["data"] = str(photos)
    torch.save(state, tmp_path / "earlier" / "checkpoint.pt")
    assert Run.load(tmp_path / "earlier").settings.roots == [photos]


def test_an_exported_file_reopens_as_the_same_network(photos, run, exported):
    settings = Run.load(run).settings
    model, reopened = onnx_file.OnnxModel.load(exported), Run.open(exported, settings)
    assert reopened.labels == model.labels and reopened.digest == Run.load(run).digest
    shown, pixels = dataset.load(dataset.scan(photos, ("train",)))
    squares = [model.preprocessing.square(image) for image in pixels]
    expected = model.logits(squares)
    assert np.abs(reopened.logits(squares) - expected).max() < 1e-4 * np.ptp(expected)
    network = reopened.classifier()
    conv, norm = reopen._convolutions(network.body)[0]
    with torch.inference_mode():
        passed = conv(torch.from_numpy(model.preprocessing.normalise(np.stack(squares))))
    torch.testing.assert_close(norm.running_mean, passed.mean((0, 2, 3)), rtol=1e-3, atol=1e-4)
    torch.testing.assert_close(norm.running_var, passed.var((0, 2, 3)), rtol=1e-3, atol=1e-4)
    with torch.inference_mode():  # with batch statistics, as in training
        network.train().dropout.p = 0
        answers = network(torch.from_numpy(model.preprocessing.normalise(np.stack(squares)))).numpy()
    assert np.abs(answers - expected).max() < 0.05 * np.ptp(expected)


def test_an_exported_file_can_start_teach_and_be_averaged(photos, weights, run, exported, tmp_path, capsys):
    train(photos, weights, tmp_path / "on", "--begin", str(exported), "--teachers", str(exported), str(run), "--sizes", "64")
    assert history(tmp_path / "on") == [("body", "1")]
    assert capsys.readouterr().out.count("asking the teacher") == 2
    with pytest.raises(SystemExit, match="only exported files"):
        cli.main(["soup", str(exported), str(exported), "--run", str(tmp_path / "soup")])
    cli.main(["soup", str(exported), str(tmp_path / "on"), "--run", str(tmp_path / "soup")])
    squares = [np.full((64, 64, 3), colour, np.uint8) for colour in COLOURS.values()]
    assert list(Run.load(tmp_path / "soup").logits(squares).argmax(1)) == [0, 1, 2]


def test_the_shipped_file_has_the_default_backbone():
    shipped = onnx_file.OnnxModel.load(SHIPPED)
    network = Classifier(Settings("none").backbone, len(shipped.labels), pretrained=False)
    side = shipped.preprocessing.size
    squares = np.random.default_rng(0).integers(0, 256, (4, side, side, 3), np.uint8)
    with torch.no_grad():
        reopen.restore(network, shipped, squares)  # raises if the logits differ


def test_only_the_body_is_used_of_a_file_with_other_labels(photos, weights, exported, tmp_path, capsys):
    fewer = shutil.copytree(photos, tmp_path / "fewer", ignore=shutil.ignore_patterns("socks"))
    train(fewer, weights, tmp_path / "run", "--begin", str(exported), "--sizes", "64", "--lr", "1e-6")
    assert history(tmp_path / "run") == [("head", "1"), ("body", "1")]
    assert "its body is used" in capsys.readouterr().out
    trained = Run.load(tmp_path / "run")
    source = Run.open(exported, trained.settings).state["average"]
    name = next(key for key, value in source.items() if value.dim() == 4)
    torch.testing.assert_close(trained.state["average"][name], source[name], rtol=0, atol=1e-3)
    for arguments, cause in ((["--backbone", "test_efficientnet"], "backbone"),
                             (["--teachers", str(exported)], "other labels"), (["--begin", "none.onnx"], "no such file")):
        with pytest.raises(SystemExit, match=cause):
            train(fewer, weights, tmp_path / cause, "--begin", str(exported), *arguments)


def test_a_soup_is_the_mean_of_its_runs(photos, weights, run, tmp_path):
    train(photos, weights, tmp_path / "later", "--begin", str(run), "--sizes", "64", "--steps", "4")
    cli.main(["soup", str(run), str(tmp_path / "later"), "--shares", "3", "1", "--run", str(tmp_path / "soup")])
    parts = [Run.load(folder) for folder in (run, tmp_path / "later")]
    soup = Run.load(tmp_path / "soup")
    name = next(key for key, value in soup.state["average"].items() if value.dim() == 4)
    earlier, later = (part.state["average"][name] for part in parts)
    assert not torch.equal(earlier, later)
    torch.testing.assert_close(soup.state["average"][name], 0.75 * earlier + 0.25 * later)
    squares = [np.full((64, 64, 3), colour, np.uint8) for colour in COLOURS.values()]
    assert list(soup.logits(squares).argmax(1)) == list(parts[0].logits(squares).argmax(1))
    for arguments, cause in ((["--shares", "1", "--run", "x"], "share"), (["--run", str(run)], "a run already exists")):
        with pytest.raises(SystemExit, match=cause):
            cli.main(["soup", str(run), str(tmp_path / "later"), *arguments])
    with pytest.raises(SystemExit, match="average of runs"):
        cli.main(["train", "--resume", "--run", str(tmp_path / "soup")])


def test_early_stages_can_be_frozen(photos, weights, tmp_path):
    given = random_weights("test_efficientnet", tmp_path / "body.pt")
    train(photos, given, tmp_path / "kept", "--backbone", "test_efficientnet", "--keep-early", "--sizes", "64", "--steps", "2")
    trained, fresh = Run.load(tmp_path / "kept").state["model"], torch.load(given, weights_only=True)
    changed = {key for key, value in fresh.items() if f"body.{key}" in trained and not torch.equal(trained[f"body.{key}"], value)}
    assert not any(key.startswith(("conv_stem.", "bn1.", "blocks.0.", "blocks.1.")) for key in changed)
    assert any(key.startswith("blocks.2.") for key in changed)
    with pytest.raises(SystemExit, match="without --keep-early"):
        train(photos, weights, tmp_path / "none", "--keep-early")


def test_half_of_a_target_comes_from_the_teacher(photos, run, tmp_path):
    trained = Run.load(run)
    shown = [np.asarray(Image.open(file)) for file in sorted((photos / "train" / "jeans").iterdir())]
    settings = Settings("none", teachers=(str(run),), smoothing=0.0, device="cpu")
    wrong = loaders.soft_targets(settings, trained.labels, shown, [1] * len(shown))  # jeans in the folder of socks
    assert np.allclose(wrong.sum(1), 1, atol=1e-5)
    assert wrong[:, 0].mean() > 0.25 and (wrong[:, 1] >= 0.5).all() and wrong[:, 1].mean() < 0.75
    with pytest.raises(PipelineError, match="other labels"):
        loaders.soft_targets(settings, trained.labels[:2], shown, [1] * len(shown))


def test_bfloat16_training_learns(photos, weights, run, tmp_path):
    train(photos, weights, tmp_path / "half", "--begin", str(run), "--teachers", str(run), "--precision", "bfloat16",
          "--sizes", "64")
    state = Run.load(tmp_path / "half").state
    assert {value.dtype for value in state["model"].values() if value.is_floating_point()} == {torch.float32}
    with (tmp_path / "half" / "history.csv").open() as file:
        assert float(list(csv.DictReader(file))[-1]["valid_loss"]) < 0.9


def test_calibration_is_written(run, exported):
    result = json.loads((run / "calibration.json").read_text())
    assert 0.04 < result["temperature"] < 20.1
    assert set(result["thresholds"]) == {"core", "garment"}
    assert result["val"]["photos"] == 24


def test_the_exported_file_answers_as_pytorch_does(run, exported, photos):
    model, trained = onnx_file.OnnxModel.load(exported), Run.load(run)
    assert model.version == "2026.01-7" and [label.id for label in model.labels] == ["jeans", "socks", "not-clothing"]
    square = model.preprocessing.square(np.asarray(Image.open(photos / "test" / "socks" / "0.jpg")))
    with torch.inference_mode():
        expected = trained.classifier()(torch.from_numpy(model.preprocessing.normalise(square[None]))).numpy()
    assert np.abs(model.logits([square]) - expected).max() < 0.1 * np.ptp(expected)


def test_export_refuses_a_file_that_answers_differently(run, exported):
    trained = Run.load(run)
    altered = onnx.load(exported)
    scale = next(tensor for tensor in altered.graph.initializer if tensor.name == "maps.weight.scale")
    scale.CopyFrom(onnx.numpy_helper.from_array(-onnx.numpy_helper.to_array(scale), scale.name))
    squares = np.random.default_rng(0).integers(0, 255, (8, 64, 64, 3)).astype(np.uint8)
    with pytest.raises(PipelineError, match="not written"):
        exporting.verify(altered, trained, squares, 10**6)


def test_tensorflow_padding_is_merged_into_the_convolutions(tmp_path):
    """MobileNetEdgeTPU pads by one pixel at the end and none at the start: ONNX convolutions can, PyTorch's cannot."""
    torch.manual_seed(1)
    file = tmp_path / "edge.pt"
    torch.save(timm.create_model("mobilenet_edgetpu_100", pretrained=False).state_dict(), file)
    network = Classifier("mobilenet_edgetpu_100", 3, file).eval()
    settings = Settings("none", backbone="mobilenet_edgetpu_100", weights=str(file), input_size=64)
    labels = [Label.default(name) for name in "abc"]
    whole = Run(tmp_path, settings, labels, "sha256:0", {"average": network.state_dict()})
    model = graph.graph_of(whole)
    onnx.save(model, tmp_path / "edge.onnx")
    assert reopen.tensorflow_padded(tmp_path / "edge.onnx")
    assert {node.op_type for node in model.graph.node} == {"Conv", "Relu", "Add", "ReduceMean"}
    image = torch.randn(1, 3, 64, 64)
    logits = onnx_file.open_session(model.SerializeToString()).run(["logits"], {"image": image.numpy()})[0]
    with torch.inference_mode():
        assert np.abs(network(image).numpy() - logits).max() < 1e-4


def test_compensated_rounding_is_closer_than_rounding_each_weight_alone():
    rng = np.random.default_rng(0)
    inputs = rng.normal(size=(500, 8)) @ rng.normal(size=(8, 64)) + 0.1 * rng.normal(size=(500, 64))  # correlated
    weights = rng.normal(size=(16, 64))
    scale = quantisation._best_scale(weights, 15)

    def error(moment):
        whole = quantisation._round(weights, scale, 15, moment)
        assert np.abs(whole).max() <= 15 and (whole == np.round(whole)).all()
        return ((inputs @ (whole * scale[:, None] - weights).T) ** 2).mean()

    assert error(inputs.T @ inputs / len(inputs)) < 0.5 * error(None)


def test_patches_are_the_inputs_of_a_convolution():
    torch.manual_seed(0)
    pixels, kernel = torch.randn(3, 9, 8), torch.randn(5, 3, 3, 2)
    node = onnx.helper.make_node("Conv", ["x", "w"], ["y"], pads=[1, 0, 2, 1], strides=[2, 1])
    patches = quantisation._patches(pixels.numpy(), node, (3, 2))
    padded = torch.nn.functional.pad(pixels[None], (0, 1, 1, 2))
    expected = torch.nn.functional.conv2d(padded, kernel, stride=(2, 1))[0]
    assert np.allclose(patches @ kernel.reshape(5, -1).T.numpy(), expected.reshape(5, -1).T, atol=1e-5)


def test_evaluate_reports_changes_and_agreement_with_the_float_network(run, exported, photos, tmp_path):
    cli.main(["evaluate", "--onnx", str(exported), "--data", str(photos), "--split", "val", "--out", str(tmp_path),
              "--changes", "--against", str(run)])
    result = json.loads((tmp_path / "val.json").read_text())
    assert set(result["changed"]) == {*robustness.CHANGES, "a ninth of a scene"} and result["agreement_with_float"] > 0.9
    turned = result["changed"]["rotated 180"]["top1"]
    assert turned == pytest.approx(result["figures"]["top1"], abs=0.1)  # photos of one colour look the same upside down


@pytest.mark.parametrize("name", robustness.CHANGES)
def test_changes_give_another_photo(name):
    pixels = np.random.default_rng(0).integers(0, 255, (61, 40, 3)).astype(np.uint8)
    changed = robustness.CHANGES[name](pixels)
    assert changed.dtype == np.uint8 and changed.shape[2] == 3 and not np.array_equal(changed, pixels)


def test_a_scene_surrounds_the_whole_photo():
    rng = np.random.default_rng(2)
    pixels, scene = rng.integers(0, 255, (20, 30, 3), np.uint8), np.full((90, 50, 3), 7, np.uint8)
    frame = robustness.in_scene(pixels, scene)
    assert frame.shape == (60, 90, 3) and ((frame == 7).all(2)).sum() >= 8 * 20 * 30
    places = [(row, column) for row in range(3) for column in range(3)
              if (frame[20 * row:20 * row + 20, 30 * column:30 * column + 30] == pixels).all()]
    assert len(places) == 1


def test_a_small_photo_is_complete_and_in_any_cell_of_the_grid():
    rng, places = np.random.default_rng(0), set()
    for _ in range(60):
        pixels = rng.integers(0, 255, (8, 5, 3)).astype(np.uint8)
        frame = robustness.CHANGES["a ninth of the frame"](pixels)
        parts = frame.reshape(3, 8, 3, 5, 3).swapaxes(1, 2)
        found = [place for place in np.ndindex(3, 3) if np.array_equal(parts[place], pixels)]
        assert len(found) == 1
        places |= set(found)
    assert len(places) == 9


def test_evaluate_reports_and_records(exported, photos, tmp_path, capsys):
    file = tmp_path / "copy.onnx"
    shutil.copy(exported, file)
    cli.main(["evaluate", "--onnx", str(file), "--data", str(photos), "--split", "test", "--out", str(tmp_path), "--record"])
    result = json.loads((tmp_path / "test.json").read_text())
    figures, by_label = result["figures"], result["by_label"]
    assert figures["photos"] == 24 and figures["top1"] > 0.6
    assert set(by_label) == set(COLOURS) and all(own["photos"] == 8 for own in by_label.values())
    assert json.loads(onnx_file.metadata(onnx.load(file))["metrics"]) == {"split": "test", **figures, "by_label": by_label}
    assert (tmp_path / "confusion.png").exists() and (tmp_path / "reliability.png").exists()


def test_predict_classifies_good_files_and_reports_bad_ones(exported, photos, tmp_path, capsys):
    shutil.copy(photos / "test" / "jeans" / "0.jpg", tmp_path / "a.jpg")
    (tmp_path / "b.jpg").write_text("no picture")
    with pytest.raises(SystemExit) as stop:
        cli.main(["predict", "--onnx", str(exported), "--json", str(tmp_path)])
    assert stop.value.code == 1
    out, err = capsys.readouterr()
    (answer,) = map(json.loads, out.splitlines())
    assert answer["file"].endswith("a.jpg") and answer["label"] == "jeans" and len(answer["logits"]) == 3
    assert answer["probability"] + sum(other["probability"] for other in answer["alternatives"]) == pytest.approx(1)
    assert "b.jpg" in err


# Bad input

@pytest.fixture
def copied(photos, tmp_path):
    return shutil.copytree(photos, tmp_path / "photos")


def refusal(*arguments):
    with pytest.raises(SystemExit) as stop:
        cli.main([str(argument) for argument in arguments])
    return str(stop.value)


def test_an_empty_label_folder_is_reported(copied, tmp_path):
    (copied / "train" / "hat").mkdir()
    message = refusal("train", "--data", copied, "--run", tmp_path / "run")
    assert str(copied / "train" / "hat") in message and "empty" in message


def test_a_label_missing_in_a_split_is_reported(copied, tmp_path):
    shutil.rmtree(copied / "val" / "socks")
    message = refusal("train", "--data", copied, "--run", tmp_path / "run")
    assert "'socks'" in message and str(copied / "val") in message


def test_an_unsupported_file_is_reported(copied, tmp_path):
    (copied / "val" / "socks" / "notes.txt").write_text("left pile")
    assert "notes.txt" in refusal("train", "--data", copied, "--run", tmp_path / "run")


def test_all_unreadable_pictures_are_reported_before_training(copied, weights, tmp_path):
    bad = [copied / "train" / "jeans" / "3.jpg", copied / "val" / "socks" / "2.jpg"]
    bad[0].write_bytes(bad[0].read_bytes()[:700])
    bad[1].write_text("no picture")
    arguments = ["train", "--data", copied, "--weights", weights, "--backbone", BACKBONE, "--run", tmp_path / "run"]
    message = refusal(*arguments)
    assert all(str(file) in message for file in bad) and "--skip-bad" in message
    photos, pixels = dataset.load(dataset.scan(copied), skip_bad=True)
    assert len(photos) == len(pixels) == 72 - 2 and not set(bad) & {photo.path for photo in photos}


def test_changed_photos_are_noticed_on_resuming(run, copied):
    (copied / "train" / "jeans" / "0.jpg").unlink()
    assert "not the photos" in refusal("train", "--resume", "--run", run, "--data", copied)


def test_wrong_weights_and_damaged_checkpoints(photos, weights, run, tmp_path):
    assert "that fits" in refusal("train", "--data", photos, "--weights", weights, "--backbone", "test_efficientnet", "--run", tmp_path / "a")
    (tmp_path / "b").mkdir()
    assert "no checkpoint" in refusal("export", "--run", tmp_path / "b")
    (tmp_path / "b" / "checkpoint.pt").write_bytes((run / "checkpoint.pt").read_bytes()[:5000])
    assert "checkpoint.pt" in refusal("export", "--run", tmp_path / "b")
    (tmp_path / "c.onnx").write_text("no network")
    assert "c.onnx" in refusal("evaluate", "--onnx", tmp_path / "c.onnx", "--data", photos)


def test_a_folder_without_splits_is_divided_by_name(photos, tmp_path):
    tree = shutil.copytree(photos / "train", tmp_path / "flat")
    first = {photo.path: photo.split for photo in dataset.scan(tree)}
    shutil.copy(tree / "socks" / "0.jpg", tree / "socks" / "extra.jpg")
    second = {photo.path: photo.split for photo in dataset.scan(tree)}
    assert {split for split in first.values()} == {"train", "val"}
    assert sum(first[path] != second[path] for path in first) <= 1


# Networks that the page can open

OPENED = ["ghostnet_050", "mobilenetv3_small_050", "starnet_s050", "mixnet_s", "convnext_atto", "test_convnext", "hgnetv2_b0"]


def untrained(backbone, tmp_path, size=64):
    """A run with random weights, as a finished training leaves it."""
    torch.manual_seed(0)
    labels = [Label.default(name) for name in ("jeans", "socks", "not-clothing")]
    network = Classifier(backbone, len(labels), pretrained=False)
    with torch.no_grad():
        network.head.weight.mul_(30)  # so that answers differ
        network.train()(torch.rand(8, 3, size, size) * 2 - 1)  # batch statistics, without which deep networks output zeros
    settings = Settings("none", backbone=backbone, input_size=size, device="cpu")
    return Run(tmp_path, settings, labels, "sha256:0", {"average": network.eval().state_dict()})


@pytest.mark.parametrize("backbone", OPENED)
def test_the_command_line_opens_exported_files(backbone, tmp_path):
    run = untrained(backbone, tmp_path)
    squares = np.random.default_rng(0).integers(0, 255, (2, 64, 64, 3)).astype(np.uint8)
    calibration = {"temperature": 1.0, "thresholds": {"core": 0.5, "garment": 0.5}}
    exporting.write(exporting.build(run, calibration, "2026.01-1", squares), tmp_path / "own.onnx")
    photo = pathlib.Path(__file__).parents[2] / "tests" / "fixtures" / "polo-shirt.jpg"
    expected = onnx_file.OnnxModel.load(tmp_path / "own.onnx").predict(photo)
    answer = classified_by_the_command_line(tmp_path / "own.onnx", photo)
    found, wanted = ({own["label"]: own["probability"] for own in (one, *one["alternatives"])} for one in (answer, expected))
    assert found == pytest.approx(wanted, abs=0.02)


@pytest.mark.parametrize("backbone, words", [
    ("edgenext_xx_small", "operators that the page does not support: Expand. Supported are Add"),
    ("test_vit", "choose a convolutional one"), ("test_mambaout", "choose a convolutional one"),
    ("efficientformerv2_s0", "only one input size"), ("resnet18", "about 11.2 MB, over 5.5"),
])
def test_training_does_not_begin_if_the_page_could_not_open_the_result(photos, tmp_path, backbone, words, capfd):
    message = refusal("train", "--data", photos, "--backbone", backbone, "--run", tmp_path / "run", "--device", "cpu")
    assert words in message and "  -> " in message
    assert not (tmp_path / "run" / "history.csv").exists() and len(capfd.readouterr().out) < 1000


def test_larger_files_can_be_allowed(tmp_path):
    run = untrained("test_resnet", tmp_path)
    exporting.check_exportable(run, 500_000)
    with pytest.raises(PipelineError, match="--largest"):
        exporting.check_exportable(run, 300_000)


def test_export_refuses_what_the_page_cannot_open(run, monkeypatch, tmp_path):
    fewer = {key: uses for key, uses in operators.CONTRACT["operators"].items() if key not in ("MaxPool", "Relu")}
    monkeypatch.setitem(operators.CONTRACT, "operators", fewer)
    message = refusal("export", "--run", run, "--onnx", tmp_path / "no.onnx")
    assert "does not support: MaxPool, Relu" in message and not (tmp_path / "no.onnx").exists()


@pytest.mark.parametrize("dynamo", [False, True])
def test_the_documents_example_adapts_what_pytorch_exports(tmp_path, dynamo):
    if dynamo:
        pytest.importorskip("onnxscript", reason="PyTorch's newer exporter needs it")
    network = timm.create_model("test_resnet", num_classes=3).eval()
    axes = {"dynamic_shapes": ({0: "batch"},)} if dynamo else {"dynamic_axes": {"input": {0: "batch"}}}
    torch.onnx.export(network, (torch.zeros(2, 3, 96, 96),), tmp_path / "ordinary.onnx", input_names=["input"], dynamo=dynamo, **axes)
    adopt(tmp_path / "ordinary.onnx", tmp_path / "own.onnx", 96, ["Cup", "Leaf", "Neither"])
    model = onnx_file.OnnxModel.load(tmp_path / "own.onnx")
    square = np.random.default_rng(0).integers(0, 255, (96, 96, 3)).astype(np.uint8)
    with torch.inference_mode():
        expected = network(torch.from_numpy(model.preprocessing.normalise(square[None]))).numpy()
    assert np.abs(model.logits([square]) - expected).max() < 1e-4
    assert operators.faults(onnx.load(tmp_path / "own.onnx")) == []
    photo = pathlib.Path(__file__).parents[2] / "tests" / "fixtures" / "polo-shirt.jpg"
    assert classified_by_the_command_line(tmp_path / "own.onnx", photo)["label"] == model.predict(photo)["label"]


# Parts

def test_variants_depend_on_the_seed_alone():
    white = np.full((160, 120, 3), 250, np.uint8)
    white[40:120, 30:90] = (30, 60, 140)
    room = np.random.default_rng(1).normal(120, 12, (220, 200, 3)).clip(0, 255).astype(np.uint8)
    assert augment.cut_out(white) is not None and augment.cut_out(room) is None
    backgrounds = augment.background_patches(room)
    assert backgrounds
    draw = augment.Augment([white, room], backgrounds, {1}, augment.Strength().scaled(3))
    for index, seed in np.ndindex(2, 12):
        variants = [draw(index, Preprocessing(size=64), np.random.default_rng(own)) for own in (seed, seed, seed + 100)]
        assert all(variant.shape == (64, 64, 3) and variant.dtype == np.uint8 for variant in variants)
        assert np.array_equal(variants[0], variants[1])
        assert not np.array_equal(variants[0], variants[2])


def test_photos_are_drawn_by_label_background_and_group():
    settings = Settings("photos", studio_weight=0.75, core_weight=2)
    groups, targets = ["core", "garment", "core"], [0] * 100 + [1] * 4 + [2] * 4
    weights = loaders.sampling_weights(settings, groups, targets, [True] * 50 + [False] * 58)
    assert weights[0] / weights[50] == pytest.approx(0.75)
    assert weights[-1] / weights[50] == pytest.approx(5)  # rare labels are drawn more often than their share
    assert weights[-1] / weights[100] == pytest.approx(2)


def test_a_known_temperature_is_recovered():
    rng = np.random.default_rng(0)
    logits = rng.normal(0, 2, (4000, 5))
    probabilities = onnx_file.softmax(logits)
    targets = np.array([rng.choice(5, p=row) for row in probabilities])
    assert calibration.fit_temperature(logits * 3, targets) == pytest.approx(3, rel=0.1)
    assert evaluation.expected_calibration_error(probabilities.max(1), probabilities.argmax(1) == targets) < 0.03


def test_thresholds_separate_sure_from_unsure_answers():
    labels = [Label("shirt", "Shirt", "a shirt", "core"), Label("hat", "Hat", "a hat", "garment")]
    sure, unsure = [0.9, 0.1], [0.55, 0.45]
    probabilities = np.array([sure] * 50 + [unsure] * 50)
    targets = np.array([0] * 50 + [1] * 50)
    assert 0.55 < calibration.fit_thresholds(probabilities, targets, labels)["core"] <= 0.9


def test_auroc():
    positive = np.array([True, True, False, False])
    assert evaluation.auroc(np.array([0.9, 0.8, 0.2, 0.1]), positive) == 1
    assert evaluation.auroc(np.array([0.9, 0.1, 0.9, 0.1]), positive) == 0.5
    assert evaluation.auroc(np.array([0.9, 0.8]), np.array([True, True])) is None
