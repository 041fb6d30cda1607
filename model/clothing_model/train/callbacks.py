"""fastai callbacks of a training run, and its validation metrics."""
import time

import torch
from fastai.callback.core import Callback
from fastai.metrics import AccumMetric, accuracy

from ..dataset import Photo
from ..labels import Label
from ..picture import Preprocessing
from .run import Run


def metrics(labels: list[Label], photos: list[Photo]) -> list:
    """Accuracy on the validation photos; for photos of core garments, also among all labels and among core labels alone.

    If the photos lie in several folders, also the accuracy in each: results on sources that nothing was trained on
    differ from those on familiar ones.
    """
    core = torch.tensor([i for i, label in enumerate(labels) if label.group == "core"])

    def core_among_all(logits, targets):
        chosen = torch.isin(targets, core)
        return (logits[chosen].argmax(1) == targets[chosen]).float().mean().item()

    def core_only(logits, targets):
        chosen = torch.isin(targets, core)
        return (core[logits[chosen][:, core].argmax(1)] == targets[chosen]).float().mean().item()

    def in_folder(number, root):
        chosen = torch.tensor([photo.root == root for photo in photos])

        def folder_accuracy(logits, targets):
            return (logits[chosen].argmax(1) == targets[chosen]).float().mean().item()

        folder_accuracy.__name__ = f"accuracy_{number}_{root.resolve().name}"
        return folder_accuracy

    roots = list(dict.fromkeys(photo.root for photo in photos))
    functions = ([core_among_all, core_only] if len(core) else []) + (
        [in_folder(number, root) for number, root in enumerate(roots, 1)] if len(roots) > 1 else [])
    return [accuracy, *(AccumMetric(function, flatten=False) for function in functions)]


class LowPrecision(Callback):
    """Forward passes of training in bfloat16, on any device (fastai's own callback supports CUDA only)."""

    def before_batch(self):
        self.autocast = torch.autocast(self.dls.device.type, torch.bfloat16, enabled=self.training)
        self.autocast.__enter__()

    def after_pred(self):
        self.autocast.__exit__(None, None, None)
        self.learn.pred = self.pred.float()


class WeightAverage(Callback):
    """Keeps a running average of the weights, which validation, checkpoints and export use."""

    order = 66

    def __init__(self, decay: float, average: dict[str, torch.Tensor] | None, steps: int = 0):
        self.decay, self.average, self.steps = decay, average, steps

    def before_fit(self):
        if self.average is None:
            self.average = {key: value.detach().clone() for key, value in self.model.state_dict().items()}

    def after_step(self):
        self.steps += 1
        decay = min(self.decay, (1 + self.steps) / (10 + self.steps))
        for key, value in self.model.state_dict().items():
            if value.is_floating_point():
                self.average[key].lerp_(value, 1 - decay)
            else:
                self.average[key].copy_(value)

    def before_validate(self):
        self.trained = {key: value.clone() for key, value in self.model.state_dict().items()}
        self.model.load_state_dict(self.average)

    def after_validate(self):
        self.model.load_state_dict(self.trained)


class Progress(Callback):
    """Sets the input size of each epoch, prints progress, and saves history and checkpoint after each epoch."""

    order = 90

    def __init__(self, run: Run, stage: str, sizes: tuple[int, ...], first: int):
        self.run, self.stage, self.sizes, self.first = run, stage, sizes, first

    def before_epoch(self):
        shown = self.dls.train.dataset
        shown.preprocessing = Preprocessing(size=self.sizes[self.epoch])
        shown.epoch = self.epoch + (0 if self.stage == "head" else 1000)
        self.began = self.told = time.time()

    def after_batch(self):
        if self.training and time.time() - self.told > 30:
            self.told = time.time()
            speed = (self.iter + 1) * self.dls.train.bs / (self.told - self.began)
            print(f"  {self.stage}, epoch {self.epoch + 1} of {self.n_epoch} at {self.sizes[self.epoch]} px: "
                  f"step {self.iter + 1} of {self.n_iter}, loss {float(self.smooth_loss):.3f}, {speed:.1f} photos/s", flush=True)

    def after_epoch(self):
        if self.epoch < self.first:  # finished before this start; fastai only counts past it
            return
        _, train_loss, valid_loss, *values = self.recorder.log[:3 + len(self.recorder.metrics)]
        row = {"stage": self.stage, "epoch": self.epoch + 1, "size": self.sizes[self.epoch], "train_loss": train_loss,
               "valid_loss": valid_loss, **{metric.name: value for metric, value in zip(self.recorder.metrics, values)},
               "seconds": time.time() - self.began}
        self.run.record({key: round(value, 4) if isinstance(value, float) else value for key, value in row.items()})
        self.run.save(self.learn, self.stage, self.epoch + 1)
