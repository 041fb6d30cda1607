"""Which networks the page can open, and the example in docs/model-file.md, which turns an ordinary classifier into one.

Does not need PyTorch.
"""
import json
import pathlib
import re
import subprocess
import sys

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper, numpy_helper

from clothing_model import onnx_file
from clothing_model.errors import PipelineError
from clothing_model.export import operators

ROOT = pathlib.Path(__file__).parents[2]
DOCUMENT = (ROOT / "docs" / "model-file.md").read_text()


def classifier(classes: int = 3, softmax: bool = False) -> onnx.ModelProto:
    """As exporters write them: any batch size, other names, a shape that is computed."""
    rng = np.random.default_rng(0)

    def weights(name: str, *shape: int) -> TensorProto:
        return numpy_helper.from_array(rng.normal(0, 0.3, shape).astype(np.float32), name)

    nodes = [
        helper.make_node("Conv", ["pixels", "w1", "b1"], ["c1"], strides=[4, 4], kernel_shape=[4, 4]),
        helper.make_node("Relu", ["c1"], ["r1"]),
        helper.make_node("GlobalAveragePool", ["r1"], ["pooled"]),
        helper.make_node("Shape", ["pooled"], ["shape"]),
        helper.make_node("Gather", ["shape", "zero"], ["batch"]),
        helper.make_node("Concat", ["batch", "rest"], ["flat_shape"], axis=0),
        helper.make_node("Reshape", ["pooled", "flat_shape"], ["flat"]),
        helper.make_node("Gemm", ["flat", "w2", "b2"], ["scores"], transB=1),
        *([helper.make_node("Softmax", ["scores"], ["shares"])] if softmax else []),
    ]
    graph = helper.make_graph(
        nodes, "ordinary", [helper.make_tensor_value_info("pixels", TensorProto.FLOAT, ["N", 3, "H", "W"])],
        [helper.make_tensor_value_info("shares" if softmax else "scores", TensorProto.FLOAT, ["N", classes])],
        [weights("w1", 8, 3, 4, 4), weights("b1", 8), weights("w2", classes, 8), weights("b2", classes),
         numpy_helper.from_array(np.array([0]), "zero"), numpy_helper.from_array(np.array([-1]), "rest")])
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)


def adopt(source: pathlib.Path, target: pathlib.Path, side: int = 224, names: list[str] | None = None) -> None:
    """Runs the document's example, with another size or other labels if given."""
    (code,) = re.findall(r"```python\n(.*?)```", DOCUMENT, re.DOTALL)
    if names:
        code = code.replace('SIDE, NAMES = 224, ["Straw hat", "Bowler", "Beanie"]', f"SIDE, NAMES = {side}, {names}")
        assert str(names) in code
    script = target.with_suffix(".py")
    script.write_text(code)
    subprocess.run([sys.executable, script, source, target], check=True)


def classified_by_the_command_line(model: pathlib.Path, photo: pathlib.Path) -> dict:
    """The Prediction of the command line, with this model. Skips the test if it is not built."""
    program = ROOT / "target" / "tests" / "classify"
    if not program.exists():
        pytest.skip("there is no target/tests/classify; `make native` builds it")
    done = subprocess.run([program, "--json", "--model", model, photo], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


@pytest.mark.parametrize("softmax", [False, True])
def test_the_example_adapts_an_ordinary_classifier(tmp_path, softmax):
    source, target = tmp_path / "ordinary.onnx", tmp_path / "own.onnx"
    onnx.save(classifier(softmax=softmax), source, save_as_external_data=True, location="weights.bin", size_threshold=0)
    found = operators.faults(onnx.load(source, load_external_data=False))
    for words in ("another file: save it as one", "does not support: Gather, Shape", "Reshape computes its input 1",
                  "[1, 3, side, side]", "no output 'logits'", "no output 'class_maps'"):
        assert sum(words in fault for fault in found) == 1, (words, found)
    adopt(source, target)
    own = onnx.load(target)
    assert operators.faults(own) == []
    onnx.checker.check_model(own, full_check=True)

    model = onnx_file.OnnxModel.load(target)
    assert [label.name for label in model.labels] == ["Straw hat", "Bowler", "Beanie"]
    pixels = np.random.default_rng(1).normal(size=(1, 3, 224, 224)).astype(np.float32)
    logits, maps = model.session.run(["logits", "class_maps"], {"image": pixels})
    scores = onnx_file.open_session(classifier().SerializeToString()).run(None, {"pixels": pixels})[0]
    np.testing.assert_allclose(logits, scores, atol=1e-5)
    bias = next(numpy_helper.to_array(tensor) for tensor in classifier().graph.initializer if tensor.name == "b2")
    np.testing.assert_allclose(maps.mean((2, 3)) + bias, logits, atol=1e-4)

    photo = ROOT / "tests" / "fixtures" / "polo-shirt.jpg"
    expected, answer = model.predict(photo), classified_by_the_command_line(target, photo)
    assert answer["label"] == expected["label"]
    assert answer["probability"] == pytest.approx(expected["probability"], abs=0.01)


def test_the_shipped_network_opens_and_the_document_lists_all_operators():
    operators.check(onnx.load(ROOT / "model" / "clothing.onnx"), "clothing.onnx")
    (listed,) = re.findall(r"<!-- operators.*?-->\n(.*?)\.\n<!-- end -->", DOCUMENT, re.DOTALL)
    assert listed.replace("\n", " ").split(", ") == list(operators.CONTRACT["operators"])
    assert "version (opset) {} to {}".format(*operators.CONTRACT["opset"]) in DOCUMENT
    for key in onnx_file.REQUIRED:
        assert f"`{key}`" in DOCUMENT


def test_all_faults_are_reported_at_once():
    model = classifier()
    model.opset_import[0].version = 6
    nodes = model.graph.node
    nodes.append(helper.make_node("Pad", ["r1", "shape"], ["padded"], mode="wrap"))
    nodes.append(helper.make_node("FusedConv", ["r1", "w1"], ["fused"], domain="com.microsoft"))
    nodes.append(helper.make_node("MaxPool", ["r1"], ["most", "where"], kernel_shape=[2, 2]))
    nodes.append(helper.make_node("Reshape", ["r1", "made"], ["reshaped"]))
    nodes.insert(0, helper.make_node("Identity", ["rest"], ["made"]))
    with pytest.raises(PipelineError) as refused:
        operators.check(model, "net")
    cause = refused.value.cause
    for words in ("opset version is 6; versions 7 to", "Gather, Shape, com.microsoft.FusedConv. Supported are Add",
                  "Pad has a value of 'mode' other than constant, edge, reflect", "Pad computes its input 1",
                  "MaxPool has 2 outputs", "no output 'logits'"):
        assert words in cause, (words, cause)
    assert cause.count("Reshape") == 2  # for the one wrong node, and among the supported operators
