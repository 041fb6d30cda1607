"""The exported network as the page sees it: one ONNX file that describes itself, run by onnxruntime."""
import json
import pathlib
import time
from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
import onnx
import onnxruntime

from . import labels as labelling, picture, verdict
from .errors import PipelineError
from .labels import Label
from .picture import Preprocessing

FORMAT = "1"
REQUIRED = ("format", "version", "labels", "input_size", "resize", "mean", "std", "temperature", "thresholds",
            "training_data", "license")


def softmax(logits: np.ndarray, temperature: float = 1.0) -> np.ndarray:
    """float [n, K] -> float64 [n, K]; rows sum to 1."""
    scaled = np.asarray(logits, np.float64) / temperature
    powers = np.exp(scaled - scaled.max(axis=-1, keepdims=True))
    return powers / powers.sum(axis=-1, keepdims=True)


def open_session(model: pathlib.Path | bytes) -> onnxruntime.InferenceSession:
    """A session on CPUs, for a file or the bytes of one."""
    options = onnxruntime.SessionOptions()
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")  # waiting threads sleep
    return onnxruntime.InferenceSession(model, options, providers=["CPUExecutionProvider"])


def metadata(model: onnx.ModelProto) -> dict[str, str]:
    """The metadata by key."""
    return {entry.key: entry.value for entry in model.metadata_props}


def set_metadata(model: onnx.ModelProto, entries: dict[str, str]) -> None:
    """Adds entries, or replaces those of the same keys."""
    merged = metadata(model) | entries
    del model.metadata_props[:]
    for key, value in merged.items():
        model.metadata_props.add(key=key, value=value)


@dataclass
class OnnxModel:
    """A model file: its metadata, and a session that runs it."""

    file: pathlib.Path
    version: str
    labels: list[Label]
    preprocessing: Preprocessing
    temperature: float
    thresholds: dict[str, float]  # by group, and "family"
    session: onnxruntime.InferenceSession

    @classmethod
    def load(cls, file: pathlib.Path) -> "OnnxModel":
        """Raises PipelineError if the file is missing, is not ONNX, or lacks metadata."""
        try:
            entries = metadata(onnx.load(file))
            missing = [key for key in REQUIRED if key not in entries]
            if missing:
                raise PipelineError(f"{file}: its metadata lacks {', '.join(missing)}", "export it again with this package")
            return cls(file, entries["version"], labelling.parse(entries["labels"]), Preprocessing.from_metadata(entries),
                       float(entries["temperature"]), json.loads(entries["thresholds"]),
                       open_session(file))
        except FileNotFoundError:
            raise PipelineError(f"{file}: there is no such file", "export a model first") from None
        except PipelineError:
            raise
        except Exception as error:  # protobuf and onnxruntime raise exceptions of their own
            raise PipelineError(f"{file}: not a model file of this package: {error}", "export it again") from error

    def logits(self, squares: Iterable[np.ndarray]) -> np.ndarray:
        """Logits of n squares, uint8 [S, S, 3] each -> float32 [n, K]. The file takes one picture at a time."""
        return np.concatenate([self.session.run(["logits"], {"image": self.preprocessing.normalise(square[None])})[0]
                               for square in squares])

    def predict(self, file: pathlib.Path) -> dict:
        """The Prediction of one picture file, with all other labels as alternatives, and the logits. Raises PipelineError."""
        began = time.perf_counter()
        pixels = picture.read(file)
        decoded = time.perf_counter()
        logits = self.logits(self.preprocessing.square(pixels)[None])
        inferred = time.perf_counter()
        probabilities = softmax(logits, self.temperature)
        order = np.argsort(-probabilities[0], kind="stable")
        best = self.labels[order[0]]
        found, members = verdict.families(self.labels)
        known = verdict.known_family(probabilities, self.labels, self.thresholds)[0]
        family = None if known < 0 else {"id": found[known].id, "name": found[known].name,
                                         "probability": float(probabilities[0] @ members[:, known])}
        return {
            "file": str(file), "label": best.id, "name": best.name, "probability": float(probabilities[0, order[0]]),
            "recognised": bool(verdict.recognised(probabilities, self.labels, self.thresholds)[0]), "family": family,
            "alternatives": [{"label": self.labels[i].id, "probability": float(probabilities[0, i])} for i in order[1:]],
            "model": self.version,
            "milliseconds": {"decode": round(1e3 * (decoded - began)), "infer": round(1e3 * (inferred - decoded))},
            "width": pixels.shape[1], "height": pixels.shape[0], "logits": [float(value) for value in logits[0]],
        }
