"""The settings of a training run."""
import pathlib
from dataclasses import dataclass

import torch

from .. import BACKBONE, labels as labelling
from ..errors import PipelineError
from ..picture import Preprocessing


@dataclass
class Settings:
    """Everything that determines a training run. It is stored with the run, so that resuming needs nothing else."""

    data: tuple[str, ...]  # folders of photos
    backbone: str = BACKBONE
    weights: str | None = None
    begin: str | None = None  # start from this finished run's folder or exported file; its head too, if its labels are the same
    teachers: tuple[str, ...] = ()  # runs or exported files whose mean answer makes up half of each target
    labels: str = str(labelling.DEFAULT_FILE)
    head_sizes: tuple[int, ...] = (160,)  # input side in each epoch, pixels
    sizes: tuple[int, ...] = (160, 160, 192, 192, 192, 192, 192, 192, 224)
    input_size: int = 224  # for validation and export
    batch: int = 48
    head_lr: float | None = None  # highest of the cycle; None: what the finder suggests
    lr: float | None = None
    keep_early: bool = False
    augment: float = 1.0  # scales the probability of every augmentation
    smoothing: float = 0.05  # of the part of a target that comes from the photo's folder
    dropout: float = 0.2
    weight_decay: float = 0.02
    average: float = 0.99  # decay of the running average of the weights, per step
    studio_weight: float = 0.75  # how often photos on a plain light background are drawn, relative to others
    core_weight: float = 1.0  # how often photos of core labels are drawn, relative to others
    seed: int = 1
    workers: int = 1
    steps: int | None = None  # per epoch; None: one pass over the training photos
    skip_bad: bool = False
    precision: str = "float32"  # or "bfloat16": convolutions in bfloat16, weights and sums in float32
    device: str = "cuda" if torch.cuda.is_available() else "cpu"

    @property
    def preprocessing(self) -> Preprocessing:
        return Preprocessing(size=self.input_size)

    @property
    def roots(self) -> list[pathlib.Path]:
        return [pathlib.Path(root) for root in self.data]

    def __post_init__(self):
        self.data = (self.data,) if isinstance(self.data, str) else tuple(self.data)
        self.head_sizes, self.sizes, self.teachers = tuple(self.head_sizes), tuple(self.sizes), tuple(self.teachers)
        for size in (*self.head_sizes, *self.sizes, self.input_size):
            if size < 32 or size % 32:
                raise PipelineError(f"size {size}: the network halves its input five times", "give multiples of 32")
        if self.precision not in ("float32", "bfloat16"):
            raise PipelineError(f"precision {self.precision!r}: not supported", "give float32 or bfloat16")
