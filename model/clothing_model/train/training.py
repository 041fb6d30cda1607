"""Transfer learning with fastai: find a learning rate, train the head, then the body too, in one cycle each.

A run is a folder: `settings.json`, `history.csv` (one line an epoch), `lr_find_<stage>.png`, and `checkpoint.pt`,
written after each epoch, from which `resume` goes on and which `calibrate` and `export` read.
"""
import csv
import json
import os
import pathlib
import time
from dataclasses import asdict, dataclass, field, replace

import matplotlib
import numpy as np
import onnx
import torch
from fastai.callback.core import Callback
from fastai.callback.schedule import SuggestionMethod
from fastai.callback.training import BnFreeze
from fastai.data.core import DataLoaders
from fastai.data.load import DataLoader
from fastai.learner import Learner
from fastai.metrics import AccumMetric, accuracy

from .. import BACKBONE, dataset, labels as labelling
from ..clean import corrections
from . import reopen
from .augment import Augment, Strength, ground_patches
from ..errors import PipelineError
from ..labels import Label
from .network import Classifier
from ..onnx_file import OnnxModel, metadata, softmax
from ..picture import Preprocessing

matplotlib.use("Agg")

LR_RANGE = (2e-4, 3e-3)  # a curve over a few dozen batches is noisy; nothing outside this range has trained well
FINDER_STEPS = 30
EXPORTED = ".onnx"  # ends the name of an exported file, where a run's folder could stand too
MEASURED_PHOTOS = 256  # of the training photos, by which the batch norms of an exported file are put back


@dataclass
class Settings:
    """Everything that decides a training; stored with the run, so that resuming needs nothing else."""

    data: tuple[str, ...]  # folders of photos
    backbone: str = BACKBONE
    weights: str | None = None
    begin: str | None = None  # a finished run's folder, or an exported file, to start from; its head if labels agree
    teachers: tuple[str, ...] = ()  # likewise, whose mean answer becomes half of each target
    labels: str = str(labelling.DEFAULT_FILE)
    head_sizes: tuple[int, ...] = (160,)  # side of the input in each epoch, pixels
    sizes: tuple[int, ...] = (160, 160, 192, 192, 192, 192, 192, 192, 224)
    input_size: int = 224  # for validation and export
    batch: int = 48
    head_lr: float | None = None  # highest of the cycle; None: what the finder suggests
    lr: float | None = None
    keep_early: bool = False
    augment: float = 1.0  # scales how probable each change of a training photo is
    smoothing: float = 0.05  # of the part of a target that comes from the photo's folder
    dropout: float = 0.2
    weight_decay: float = 0.02
    average: float = 0.99  # share of the old value in the running average of the weights, after each step
    studio_weight: float = 0.75  # how often a photo on a plain light ground is drawn, against others
    core_weight: float = 1.0  # the same for a photo of one of the core labels
    seed: int = 1
    workers: int = 1
    steps: int | None = None  # an epoch; None: as many as the training photos fill
    skip_bad: bool = False
    precision: str = "float32"  # or "bfloat16": convolutions in half the bits, weights and sums in whole ones
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
                raise PipelineError(f"size {size}: the body halves it five times", "give multiples of 32")
        if self.precision not in ("float32", "bfloat16"):
            raise PipelineError(f"precision {self.precision!r}: not known here", "give float32 or bfloat16")


class Photos(torch.utils.data.Dataset):
    """(float32 [3, S, S], target); drawn anew each epoch where there is an `augment`.

    targets: label indices, or float32 [n, K], the probability of each label.
    """

    def __init__(self, pixels: list[np.ndarray], targets: list[int] | np.ndarray, preprocessing: Preprocessing,
                 augment: Augment | None = None, seed: int = 0):
        self.pixels, self.targets, self.preprocessing = pixels, targets, preprocessing
        self.augment, self.seed, self.epoch = augment, seed, 0

    def __len__(self):
        return len(self.pixels)

    def __getitem__(self, index: int):
        if self.augment:
            square = self.augment(index, self.preprocessing, np.random.default_rng((self.seed, self.epoch, index)))
        else:
            square = self.preprocessing.square(self.pixels[index])
        return torch.from_numpy(self.preprocessing.normalise(square)), self.targets[index]


def _channels_last(batch):
    images, targets = batch
    return images.contiguous(memory_format=torch.channels_last), targets  # a quarter faster on CPUs


class BalancedLoader(DataLoader):
    """Draws photos by weight, repeatably by seed and epoch."""

    def __init__(self, dataset: Photos, weights: np.ndarray, **options):
        super().__init__(dataset, **options)
        self.weights = weights / weights.sum()

    def get_idxs(self):
        rng = np.random.default_rng((self.dataset.seed, self.dataset.epoch))
        # systematic sampling: each photo comes its expected number of times, rounded down or up
        order = rng.permutation(len(self.weights))
        places = (np.arange(self.n) + rng.random()) / self.n
        drawn = order[np.searchsorted(np.cumsum(self.weights[order]), places).clip(0, len(order) - 1)]
        return [int(index) for index in rng.permutation(drawn)]


def draw_weights(settings: Settings, groups: list[str], targets: list[int], studio: list[bool]) -> np.ndarray:
    """Half-way (square root) between equal photos and equal labels; then by ground and group. groups: of each label."""
    counts = np.bincount(targets)
    return np.array([1 / np.sqrt(counts[target]) * (settings.studio_weight if plain else 1)
                     * (settings.core_weight if groups[target] == "core" else 1)
                     for target, plain in zip(targets, studio)])


TEACHER_SHARE = 0.5


def soft_targets(settings: Settings, labels: list[Label], pixels: list[np.ndarray], targets: list[int]) -> np.ndarray:
    """float32 [n, K]: the smoothed label, mixed half and half with what the teachers say where there are such.

    A teacher that has seen a photo under many changes has a say where its folder is wrong or two labels fit
    (distillation: Hinton et al. 2015, arXiv:1503.02531). Each looks at the photo as it is and mirrored.
    """
    labelled = np.full((len(targets), len(labels)), settings.smoothing / len(labels), np.float32)
    labelled[np.arange(len(targets)), targets] += 1 - settings.smoothing
    if not settings.teachers:
        return labelled
    taught = np.zeros_like(labelled)
    for name in settings.teachers:
        if pathlib.Path(name).suffix == EXPORTED:
            teacher = OnnxModel.load(pathlib.Path(name))
            preprocessing, ask = teacher.preprocessing, teacher.logits
        else:
            teacher = Run.load(pathlib.Path(name))
            preprocessing, ask = teacher.settings.preprocessing, teacher.answers
        if teacher.labels != labels:
            raise PipelineError(f"{name}: that teacher has other labels", "name teachers of the same labels")
        print(f"asking the teacher {name}", flush=True)
        squares = [preprocessing.square(image) for image in pixels]
        said = (softmax(ask(squares)) + softmax(ask([square[:, ::-1] for square in squares]))) / 2
        print(f"it agrees with {(said.argmax(1) == targets).mean():.1%} of the labels", flush=True)
        taught += said / len(settings.teachers)
    return (1 - TEACHER_SHARE) * labelled + TEACHER_SHARE * taught


def build_loaders(settings: Settings, labels: list[Label], photos: list[dataset.Photo], pixels: list[np.ndarray]
                  ) -> DataLoaders:
    index = {label.id: i for i, label in enumerate(labels)}
    groups = [label.group for label in labels]

    def part(split):
        chosen = [i for i, photo in enumerate(photos) if photo.split == split]
        return [pixels[i] for i in chosen], [index[photos[i].label] for i in chosen]

    shown, targets = part("train")
    garmentless = {i for i, target in enumerate(targets) if groups[target] == "none"}
    augment = Augment(shown, [], garmentless, Strength().scaled(settings.augment))
    at_home = [i for i, mask in enumerate(augment.masks) if mask is None and i not in garmentless]
    augment.grounds = [patch for i in at_home for patch in ground_patches(shown[i])]
    weights = draw_weights(settings, groups, targets, [mask is not None for mask in augment.masks])
    print(f"{len(shown)} photos to train on; {sum(mask is not None for mask in augment.masks)} on plain grounds, "
          f"{len(augment.grounds)} pieces of other ground", flush=True)
    aims = soft_targets(settings, labels, shown, targets)
    train = BalancedLoader(Photos(shown, aims, settings.preprocessing, augment, settings.seed), weights,
                           bs=min(settings.batch, len(shown)), drop_last=True, num_workers=settings.workers,
                           n=settings.steps * settings.batch if settings.steps else len(shown),
                           after_batch=_channels_last)
    valid = DataLoader(Photos(*part("val"), settings.preprocessing), bs=64, num_workers=settings.workers,
                       after_batch=_channels_last)
    return DataLoaders(train, valid, device=torch.device(settings.device))


def metrics(labels: list[Label], judged: list[dataset.Photo]) -> list:
    """Right answers among all labels; of the core garments' photos, among all labels, and among the core alone.

    Where the photos judged lie in several folders, also among all labels in each: a folder of sources that nothing was
    trained on tells another thing than the rest.
    """
    core = torch.tensor([i for i, label in enumerate(labels) if label.group == "core"])

    def core_among_all(logits, targets):
        chosen = torch.isin(targets, core)
        return (logits[chosen].argmax(1) == targets[chosen]).float().mean().item()

    def core_only(logits, targets):
        chosen = torch.isin(targets, core)
        return (core[logits[chosen][:, core].argmax(1)] == targets[chosen]).float().mean().item()

    def in_folder(number, root):
        chosen = torch.tensor([photo.root == root for photo in judged])

        def right(logits, targets):
            return (logits[chosen].argmax(1) == targets[chosen]).float().mean().item()

        right.__name__ = f"accuracy_{number}_{root.resolve().name}"
        return right

    roots = list(dict.fromkeys(photo.root for photo in judged))
    functions = ([core_among_all, core_only] if len(core) else []) + (
        [in_folder(number, root) for number, root in enumerate(roots, 1)] if len(roots) > 1 else [])
    return [accuracy, *(AccumMetric(function, flatten=False) for function in functions)]


class LowPrecision(Callback):
    """Training passes in bfloat16, on whatever device (fastai's own callback knows CUDA alone)."""

    def before_batch(self):
        self.autocast = torch.autocast(self.dls.device.type, torch.bfloat16, enabled=self.training)
        self.autocast.__enter__()

    def after_pred(self):
        self.autocast.__exit__(None, None, None)
        self.learn.pred = self.pred.float()


class WeightAverage(Callback):
    """Keeps a running average of the weights; validation, checkpoints and export use it."""

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
    """Sets the size of each epoch, says how far it is, and keeps what is done: history and checkpoint."""

    order = 90

    def __init__(self, run: "Run", stage: str, sizes: tuple[int, ...], first: int):
        self.run, self.stage, self.sizes, self.first = run, stage, sizes, first

    def before_epoch(self):
        dataset = self.dls.train.dataset
        dataset.preprocessing = Preprocessing(size=self.sizes[self.epoch])
        dataset.epoch = self.epoch + (0 if self.stage == "head" else 1000)
        self.began = self.shown = time.time()

    def after_batch(self):
        if self.training and time.time() - self.shown > 30:
            self.shown = time.time()
            speed = (self.iter + 1) * self.dls.train.bs / (self.shown - self.began)
            print(f"  {self.stage}, epoch {self.epoch + 1} of {self.n_epoch} at {self.sizes[self.epoch]} px: "
                  f"step {self.iter + 1} of {self.n_iter}, loss {float(self.smooth_loss):.3f}, {speed:.1f} photos/s", flush=True)

    def after_epoch(self):
        if self.epoch < self.first:  # done before this start; fastai only counts past it
            return
        _, train_loss, valid_loss, *values = self.recorder.log[:3 + len(self.recorder.metrics)]
        row = {"stage": self.stage, "epoch": self.epoch + 1, "size": self.sizes[self.epoch], "train_loss": train_loss,
               "valid_loss": valid_loss, **{metric.name: value for metric, value in zip(self.recorder.metrics, values)},
               "seconds": time.time() - self.began}
        self.run.record({key: round(value, 4) if isinstance(value, float) else value for key, value in row.items()})
        self.run.save(self.learn, self.stage, self.epoch + 1)


@dataclass
class Run:
    """A training's folder and what has been done in it."""

    folder: pathlib.Path
    settings: Settings
    labels: list[Label]
    digest: str
    state: dict = field(default_factory=dict)  # of the last checkpoint; empty at first

    @property
    def checkpoint(self) -> pathlib.Path:
        return self.folder / "checkpoint.pt"

    def record(self, row: dict) -> None:
        history = self.folder / "history.csv"
        new = not history.exists()
        with history.open("a", newline="") as file:
            writer = csv.DictWriter(file, row)
            if new:
                writer.writeheader()
            writer.writerow(row)
        print(", ".join(f"{key} {value}" for key, value in row.items()), flush=True)

    def save(self, learn: Learner, stage: str, epoch: int) -> None:
        average = learn.weight_average
        self.state.update(stage=stage, epoch=epoch, model=learn.model.state_dict(), optimiser=learn.opt.state_dict(),
                          average=average.average, average_steps=average.steps, random=torch.get_rng_state())
        self.state.update(settings=asdict(self.settings), labels=labelling.dump(self.labels), digest=self.digest)
        temporary = self.checkpoint.with_suffix(".tmp")
        torch.save(self.state, temporary)
        os.replace(temporary, self.checkpoint)  # a kill while writing leaves the last one whole

    @classmethod
    def load(cls, folder: pathlib.Path) -> "Run":
        file = folder / "checkpoint.pt"
        try:
            state = torch.load(file, map_location="cpu", weights_only=False)
        except FileNotFoundError:
            raise PipelineError(f"{file}: no checkpoint here", "train first, or name the run's folder") from None
        except (RuntimeError, EOFError, OSError) as error:
            raise PipelineError(f"{file}: {error}", "the checkpoint is damaged; train anew") from error
        return cls(folder, Settings(**state["settings"]), labelling.parse(state["labels"]), state["digest"], state)

    @classmethod
    def open(cls, path: pathlib.Path, settings: Settings) -> "Run":
        """A finished run: from its folder, or from a file exported from one.

        The file becomes a run of a network as `settings` describe it; see `reopen`.
        """
        if path.suffix != EXPORTED:
            return cls.load(path)
        model = OnnxModel.load(path)
        shown = dataset.evenly(corrections.scan(settings.roots, ("train",)), MEASURED_PHOTOS)
        _, pixels = dataset.load(shown, skip_bad=settings.skip_bad)
        run = cls(path, settings, model.labels, metadata(onnx.load(path))["training_data"])
        network = run.network()
        reopen.restore(network, model, np.stack([model.preprocessing.square(image) for image in pixels]))
        run.state["average"] = network.state_dict()
        return run

    def classifier(self) -> Classifier:
        """The network with averaged weights, ready to be asked."""
        network = self.network()
        network.load_state_dict(self.state["average"])
        return network.eval()

    def answers(self, squares: list[np.ndarray]) -> np.ndarray:
        """Logits [n, K] of the averaged network for uint8 [S, S, 3] each."""
        network, preprocessing, logits = self.classifier().to(self.settings.device), self.settings.preprocessing, []
        with torch.inference_mode():
            for first in range(0, len(squares), 32):
                images = torch.from_numpy(preprocessing.normalise(np.stack(squares[first:first + 32])))
                images = images.to(self.settings.device, memory_format=torch.channels_last)
                logits.append(network(images).float().cpu().numpy())
        return np.concatenate(logits)

    def network(self, pretrained: bool = False) -> Classifier:
        """A network for these labels: its body as ImageNet made it, or only the layers, to load weights into."""
        settings = self.settings
        weights = pathlib.Path(settings.weights) if settings.weights else None
        return Classifier(settings.backbone, len(self.labels), weights, pretrained, settings.dropout)

    def beginning(self) -> tuple[Classifier, bool]:
        """The network that training begins with, and whether its head knows these labels already."""
        settings = self.settings
        if not settings.begin:
            return self.network(pretrained=True), False
        earlier = Run.open(pathlib.Path(settings.begin), settings)
        if earlier.settings.backbone != settings.backbone:
            raise PipelineError(f"{settings.begin}: that run has another backbone",
                                "begin from one with the same, or from the backbone's own weights")
        network, weights = self.network(), dict(earlier.state["average"])
        known = [label.id for label in earlier.labels] == [label.id for label in self.labels]
        if not known:
            print(f"{settings.begin} has other labels: its body is taken, with a new head", flush=True)
            weights |= {f"head.{key}": value for key, value in network.head.state_dict().items()}
        network.load_state_dict(weights)
        return network, known


def start(settings: Settings, folder: pathlib.Path, photos: list[dataset.Photo]) -> Run:
    if (folder / "checkpoint.pt").exists():
        raise PipelineError(f"{folder}: a training was begun here", "go on with --resume, or name another --run")
    if settings.begin and not settings.weights:
        settings = replace(settings, weights=_weights_behind(pathlib.Path(settings.begin)))
    folder.mkdir(parents=True, exist_ok=True)
    labels = labelling.describe({photo.label for photo in photos}, pathlib.Path(settings.labels))
    (folder / "settings.json").write_text(json.dumps(asdict(settings), indent=1) + "\n")
    return Run(folder, settings, labels, dataset.digest(photos))


def _weights_behind(begin: pathlib.Path) -> str | None:
    """What `Settings.weights` must be for a body with the layers of `begin`: those for weights from TensorFlow differ."""
    if begin.suffix != EXPORTED:
        return Run.load(begin).settings.weights
    return str(begin) if reopen.tensorflow_padded(begin) else None


def soup(runs: list[Run], shares: list[float], folder: pathlib.Path) -> Run:
    """A finished run whose weights are the weighted mean of others' averaged weights; it is saved in `folder`.

    Runs that began from one another lie in one valley of the loss, where the mean is often better than each (model
    soups, Wortsman and others 2022, arXiv:2203.05482). shares: of each run, positive; they are scaled to sum to 1.
    """
    first = runs[0]
    if len(shares) != len(runs) or min(shares) <= 0:
        raise PipelineError(f"{len(runs)} runs and shares {shares}", "give one positive share for each run")
    for run in runs:
        if "average" not in run.state:
            raise PipelineError(f"{run.folder}: nothing is trained yet", "let it finish an epoch first")
        if (run.settings.backbone, run.labels, run.digest) != (first.settings.backbone, first.labels, first.digest):
            raise PipelineError(f"{run.folder}: it has another backbone, other labels or other photos than {first.folder}",
                                "average runs of one training")
    if (folder / "checkpoint.pt").exists():
        raise PipelineError(f"{folder}: there is a run here", "name another --run")
    folder.mkdir(parents=True, exist_ok=True)
    shares = [share / sum(shares) for share in shares]
    result = replace(first, folder=folder, state={
        "average": weighted_mean([run.state["average"] for run in runs], shares), "settings": asdict(first.settings),
        "labels": labelling.dump(first.labels), "digest": first.digest,
        "soup": {str(run.folder): share for run, share in zip(runs, shares)}})
    torch.save(result.state, result.checkpoint)
    return result


def weighted_mean(states: list[dict], shares: list[float]) -> dict:
    """Of networks' states; what they have in common stays as it is to the bit. shares: they sum to 1."""
    def mean(key: str, first: torch.Tensor) -> torch.Tensor:
        return first + sum(share * (state[key] - first) for share, state in zip(shares, states))

    return {key: mean(key, value) if value.is_floating_point() else value for key, value in states[0].items()}


def train(run: Run, photos: list[dataset.Photo]) -> None:
    """All stages that the run has not finished yet. photos: of the splits train and val."""
    settings, state = run.settings, run.state
    if "soup" in state:
        raise PipelineError(f"{run.folder}: this is an average of runs", "begin a new run from it with --begin")
    torch.manual_seed(settings.seed)
    longest = max(*settings.sizes, *settings.head_sizes, settings.input_size)
    photos, pixels = dataset.load(photos, longest, settings.skip_bad)
    loaders = build_loaders(settings, run.labels, photos, pixels)
    if settings.keep_early and len(Classifier.groups(run.network())) < 3:
        raise PipelineError(f"backbone {settings.backbone!r}: no early stages known to leave as they are",
                            "train without --keep-early")
    network, known = (run.network(), False) if state else run.beginning()
    network.to(settings.device, memory_format=torch.channels_last)
    learn = Learner(loaders, network, loss_func=torch.nn.CrossEntropyLoss(),
                    metrics=metrics(run.labels, [photo for photo in photos if photo.split == "val"]),
                    splitter=Classifier.groups, path=run.folder, train_bn=False, cbs=BnFreeze, wd=settings.weight_decay)
    if settings.precision == "bfloat16":
        learn.add_cb(LowPrecision())
    stages = [("head", () if known else settings.head_sizes, settings.head_lr, learn.freeze),
              ("body", settings.sizes, settings.lr,
               (lambda: learn.freeze_to(1)) if settings.keep_early else learn.unfreeze)]
    names = [name for name, *_ in stages]
    if state:
        network.load_state_dict(state["model"])
        torch.set_rng_state(state["random"])
    with learn.no_bar(), learn.no_logging():
        for name, sizes, rate, thaw in stages:
            done = 0
            if state and names.index(name) <= names.index(state["stage"]):
                done = state["epoch"] if name == state["stage"] else len(sizes)
            if done == len(sizes):
                continue
            thaw()
            learn.create_opt()
            if done:
                learn.opt.load_state_dict(state["optimiser"])
            else:
                loaders.train.dataset.preprocessing = Preprocessing(size=sizes[0])
                suggested = _find_rate(learn, run.folder / f"lr_find_{name}.png")
                state[f"{name}_lr"] = rate or suggested
                print(f"{name}: learning rate {state[f'{name}_lr']:.2g} (the finder suggests {suggested:.2g})", flush=True)
            rate = state[f"{name}_lr"]
            learn.fit_one_cycle(len(sizes), rate if name == "head" else slice(rate / 10, rate), pct_start=0.2,
                                start_epoch=done,
                                cbs=[WeightAverage(settings.average, state.get("average"), state.get("average_steps", 0)),
                                     Progress(run, name, sizes, done)])


def _find_rate(learn: Learner, plot: pathlib.Path) -> float:
    from matplotlib import pyplot

    found = learn.lr_find(num_it=FINDER_STEPS, suggest_funcs=SuggestionMethod.Valley, show_plot=True)
    pyplot.savefig(plot)
    pyplot.close("all")
    return float(np.clip(found.valley, *LR_RANGE))
