"""The shipped file, its card and the fixtures agree. Needs onnx, onnxruntime, NumPy and Pillow, but not PyTorch."""
import json
import pathlib
import re
import sys

import numpy as np
import onnx
import pytest
from onnx import numpy_helper

from clothing_model import cli, labels as labelling, onnx_file, picture
from clothing_model.onnx_file import OnnxModel

MODEL = pathlib.Path(__file__).parents[1]
FILE = MODEL / "clothing.onnx"
FIXTURES = MODEL.parent / "tests" / "fixtures"
ANSWERS = json.loads((FIXTURES / "logits.json").read_text())
PICTURES = {entry["file"]: entry for entry in ANSWERS["files"]}


@pytest.fixture(scope="module")
def graph():
    return onnx.load(FILE)


@pytest.fixture(scope="module")
def entries(graph):
    return onnx_file.metadata(graph)


@pytest.fixture(scope="module")
def model():
    return OnnxModel.load(FILE)


def test_metadata_is_complete(entries):
    assert set(onnx_file.REQUIRED) <= set(entries)
    assert entries["format"] == "1"
    assert re.fullmatch(r"\d{4}\.\d{2}-\d+", entries["version"])
    assert re.fullmatch(r"sha256:[0-9a-f]{64}", entries["training_data"])
    assert 0.05 < float(entries["temperature"]) < 20
    thresholds = json.loads(entries["thresholds"])
    assert set(thresholds) == {"core", "garment", "family"} and all(0 < value < 1 for value in thresholds.values())
    assert json.loads(entries["resize"])["fit"] in picture.FITS


def test_labels_are_those_of_the_label_file(model):
    assert model.labels == labelling.load(labelling.DEFAULT_FILE)
    assert [label.id for label in model.labels if label.group == "core"] == [
        "shirt", "t-shirt", "polo-shirt", "jeans", "socks", "shoes"]
    assert [label.id for label in model.labels if label.group == "none"] == ["not-clothing"]


def test_shapes_are_static_and_the_file_is_small(graph, model):
    def shape(value):
        return [side.dim_value for side in value.type.tensor_type.shape.dim]

    size, count = model.preprocessing.size, len(model.labels)
    assert [(value.name, shape(value)) for value in graph.graph.input] == [("image", [1, 3, size, size])]
    assert [(value.name, shape(value)) for value in graph.graph.output] == [
        ("logits", [1, count]), ("class_maps", [1, count, size // 32, size // 32])]
    assert FILE.stat().st_size <= 5_500_000


def test_graph_is_plain_and_weights_are_int8_per_channel(graph):
    assert {node.op_type for node in graph.graph.node} == {"Conv", "Clip", "Add", "ReduceMean", "DequantizeLinear"}
    tensors = {tensor.name: tensor for tensor in graph.graph.initializer}
    scaled = [node for node in graph.graph.node if node.op_type == "DequantizeLinear"]
    assert len(scaled) == sum(node.op_type == "Conv" for node in graph.graph.node)
    for node in scaled:
        weight, scale, zero = (tensors[name] for name in node.input)
        assert weight.data_type == onnx.TensorProto.INT8 and scale.dims[0] == weight.dims[0]
        assert not numpy_helper.to_array(zero).any()


def test_maps_average_to_the_logits(graph, model):
    (adding,) = [node for node in graph.graph.node if "logits" in node.output]
    (bias,) = [numpy_helper.to_array(tensor) for tensor in graph.graph.initializer if tensor.name in adding.input]
    square = model.preprocessing.square(picture.read(FIXTURES / "jeans.jpg"))
    logits, maps = model.session.run(["logits", "class_maps"], {"image": model.preprocessing.normalise(square[None])})
    assert np.abs(maps.mean((2, 3)) + bias - logits).max() < 1e-3


def test_answers_belong_to_this_file(entries):
    assert ANSWERS["model"] == entries["version"]
    assert ANSWERS["labels"] == [entry["id"] for entry in json.loads(entries["labels"])]


@pytest.mark.parametrize("name", PICTURES)
def test_fixtures_are_answered_as_recorded(name, model):
    entry = PICTURES[name]
    pixels = picture.read(FIXTURES / name)
    assert (pixels.shape[1], pixels.shape[0]) == (entry["width"], entry["height"])
    square = model.preprocessing.square(pixels)
    # other versions of the decoders may differ by a step or two
    assert np.abs(square.mean((0, 1)) - entry["square"]["mean"]).max() < 0.5
    for sample in entry["square"]["samples"]:
        assert np.abs(square[sample["y"], sample["x"]].astype(int) - sample["rgb"]).max() <= 6
    logits = model.logits([square])[0]
    assert np.abs(logits - entry["onnx_logits"]).max() < 0.1
    # int8 weights against PyTorch's floats: the same answer unless it is a close call
    best, second = sorted(entry["logits"])[:-3:-1]
    if best - second > 0.5:
        assert ANSWERS["labels"][int(logits.argmax())] == entry["top1"]


@pytest.mark.parametrize("label", ["shirt", "t-shirt", "jeans", "socks", "shoes", "dress", "not-clothing"])
def test_drawings_are_recognised(label, model):
    assert model.predict(FIXTURES / f"{label}.jpg")["label"] == label


def test_orientations_give_the_same_answer(model):
    answers = [model.predict(FIXTURES / f"orientation-{i}.jpg") for i in range(1, 9)]
    assert len({answer["label"] for answer in answers}) == 1
    logits = np.array([answer["logits"] for answer in answers])
    assert np.ptp(logits, axis=0).max() < 0.8  # JPEG compresses rotated pixels slightly differently


def test_verbs_say_which_packages_they_need(monkeypatch):
    monkeypatch.setitem(sys.modules, "torch", None)
    with pytest.raises(SystemExit, match=r"model\[train\]"):
        cli.main(["train"])


def test_the_card_has_the_recorded_figures(entries):
    card = (MODEL / "README.md").read_text()
    metrics = json.loads(entries["metrics"])
    assert entries["version"] in card and entries["training_data"] in card and entries["license"] in card
    assert f"{metrics['photos']} photos" in card
    for key in ("top1", "top1_core", "top1_core_only", "auroc_core", "others_called_core", "core_turned_away", "ece"):
        assert f"{metrics[key]:.3f}" in card, f"{key} = {metrics[key]:.3f}"
