"""A training run on disk: its settings, its history, and its checkpoint.

A run is a folder: `settings.json`, `history.csv` (one line per epoch), `lr_find_<stage>.png`, and `checkpoint.pt`, which is
written after each epoch. Training resumes from the checkpoint; `calibrate` and `export` read it.
"""
import csv
import json
import os
import pathlib
from dataclasses import asdict, dataclass, field, replace

import numpy as np
import onnx
import torch
from fastai.learner import Learner

from .. import dataset, labels as labelling
from ..clean import corrections
from ..dataset import Photo
from ..errors import PipelineError
from ..labels import Label
from ..onnx_file import OnnxModel, metadata
from . import reopen
from .network import Classifier
from .settings import Settings

EXPORTED = ".onnx"  # suffix of an exported file, which may be given instead of a run's folder
MEASURED_PHOTOS = 256  # training photos on which the batch norms of an exported file are measured again
BATCH = 32


@dataclass
class Run:
    """A run's folder, and what has been trained so far."""

    folder: pathlib.Path
    settings: Settings
    labels: list[Label]
    digest: str
    state: dict = field(default_factory=dict)  # of the last checkpoint; empty at first

    @property
    def checkpoint(self) -> pathlib.Path:
        return self.folder / "checkpoint.pt"

    def record(self, row: dict) -> None:
        """Adds a line to the history, and prints it."""
        history = self.folder / "history.csv"
        new = not history.exists()
        with history.open("a", newline="") as file:
            writer = csv.DictWriter(file, row)
            if new:
                writer.writeheader()
            writer.writerow(row)
        print(", ".join(f"{key} {value}" for key, value in row.items()), flush=True)

    def save(self, learn: Learner, stage: str, epoch: int) -> None:
        """Writes the checkpoint. stage, epoch: what has been finished."""
        average = learn.weight_average
        self.state.update(stage=stage, epoch=epoch, model=learn.model.state_dict(), optimiser=learn.opt.state_dict(),
                          average=average.average, average_steps=average.steps, random=torch.get_rng_state())
        self.state.update(settings=asdict(self.settings), labels=labelling.dump(self.labels), digest=self.digest)
        temporary = self.checkpoint.with_suffix(".tmp")
        torch.save(self.state, temporary)
        os.replace(temporary, self.checkpoint)  # if killed while writing, the previous checkpoint stays intact

    @classmethod
    def load(cls, folder: pathlib.Path) -> "Run":
        """The run in a folder. Raises PipelineError if its checkpoint is missing or damaged."""
        file = folder / "checkpoint.pt"
        try:
            state = torch.load(file, map_location="cpu", weights_only=False)
        except FileNotFoundError:
            raise PipelineError(f"{file}: there is no checkpoint", "train first, or name the run's folder") from None
        except (RuntimeError, EOFError, OSError) as error:
            raise PipelineError(f"{file}: {error}", "the checkpoint is damaged; train again") from error
        return cls(folder, Settings(**state["settings"]), labelling.parse(state["labels"]), state["digest"], state)

    @classmethod
    def open(cls, path: pathlib.Path, settings: Settings) -> "Run":
        """A finished run, from its folder or from a file exported from it.

        An exported file becomes a run of the network that `settings` describe; see `reopen`.
        """
        if path.suffix != EXPORTED:
            return cls.load(path)
        model = OnnxModel.load(path)
        measured = dataset.evenly(corrections.scan(settings.roots, ("train",)), MEASURED_PHOTOS)
        _, pixels = dataset.load(measured, skip_bad=settings.skip_bad)
        run = cls(path, settings, model.labels, metadata(onnx.load(path))["training_data"])
        network = run.network()
        reopen.restore(network, model, np.stack([model.preprocessing.square(image) for image in pixels]))
        run.state["average"] = network.state_dict()
        return run

    def classifier(self) -> Classifier:
        """The network with averaged weights, in evaluation mode."""
        network = self.network()
        network.load_state_dict(self.state["average"])
        return network.eval()

    def logits(self, squares: list[np.ndarray]) -> np.ndarray:
        """Logits [n, K] of the averaged network for n squares, uint8 [S, S, 3] each."""
        network, preprocessing, logits = self.classifier().to(self.settings.device), self.settings.preprocessing, []
        with torch.inference_mode():
            for first in range(0, len(squares), BATCH):
                images = torch.from_numpy(preprocessing.normalise(np.stack(squares[first:first + BATCH])))
                images = images.to(self.settings.device, memory_format=torch.channels_last)
                logits.append(network(images).float().cpu().numpy())
        return np.concatenate(logits)

    def network(self, pretrained: bool = False) -> Classifier:
        """A network for these labels. pretrained: with ImageNet weights in its body; otherwise only the layers, to load
        weights into."""
        settings = self.settings
        weights = pathlib.Path(settings.weights) if settings.weights else None
        return Classifier(settings.backbone, len(self.labels), weights, pretrained, settings.dropout)

    def initial_network(self) -> tuple[Classifier, bool]:
        """The network that training begins with, and whether its head already knows these labels."""
        settings = self.settings
        if not settings.begin:
            return self.network(pretrained=True), False
        earlier = Run.open(pathlib.Path(settings.begin), settings)
        if earlier.settings.backbone != settings.backbone:
            raise PipelineError(f"{settings.begin}: that run has another backbone",
                                "begin from a run with the same backbone, or from the backbone's own weights")
        network, weights = self.network(), dict(earlier.state["average"])
        known = [label.id for label in earlier.labels] == [label.id for label in self.labels]
        if not known:
            print(f"{settings.begin} has other labels: its body is used, with a new head", flush=True)
            weights |= {f"head.{key}": value for key, value in network.head.state_dict().items()}
        network.load_state_dict(weights)
        return network, known


def start(settings: Settings, folder: pathlib.Path, photos: list[Photo]) -> Run:
    """A new run. Raises PipelineError if the folder already has a checkpoint."""
    if (folder / "checkpoint.pt").exists():
        raise PipelineError(f"{folder}: a training run already exists here", "continue it with --resume, or name another --run")
    if settings.begin and not settings.weights:
        settings = replace(settings, weights=_weights_for(pathlib.Path(settings.begin)))
    folder.mkdir(parents=True, exist_ok=True)
    labels = labelling.describe({photo.label for photo in photos}, pathlib.Path(settings.labels))
    (folder / "settings.json").write_text(json.dumps(asdict(settings), indent=1) + "\n")
    return Run(folder, settings, labels, dataset.digest(photos))


def _weights_for(begin: pathlib.Path) -> str | None:
    """The `Settings.weights` that give a body the same layers as `begin`: weights converted from TensorFlow need other padding."""
    if begin.suffix != EXPORTED:
        return Run.load(begin).settings.weights
    return str(begin) if reopen.tensorflow_padded(begin) else None
