"""Transfer learning with fastai: find a learning rate, train the head, then the body too, in one cycle each."""
import pathlib

import matplotlib
import numpy as np
import torch
from fastai.callback.schedule import SuggestionMethod
from fastai.callback.training import BnFreeze
from fastai.learner import Learner

from .. import dataset
from ..dataset import Photo
from ..errors import PipelineError
from ..picture import Preprocessing
from .callbacks import LowPrecision, Progress, WeightAverage, metrics
from .loaders import build_loaders
from .network import Classifier
from .run import Run

matplotlib.use("Agg")

LR_RANGE = (2e-4, 3e-3)  # a curve over a few dozen batches is noisy; no rate outside this range has trained well
FINDER_STEPS = 30


def train(run: Run, photos: list[Photo]) -> None:
    """Trains all stages that the run has not finished yet. photos: of the splits train and val."""
    settings, state = run.settings, run.state
    if "soup" in state:
        raise PipelineError(f"{run.folder}: this is an average of runs", "begin a new run from it with --begin")
    torch.manual_seed(settings.seed)
    longest = max(*settings.sizes, *settings.head_sizes, settings.input_size)
    photos, pixels = dataset.load(photos, longest, settings.skip_bad)
    loaders = build_loaders(settings, run.labels, photos, pixels)
    if settings.keep_early and len(Classifier.groups(run.network())) < 3:
        raise PipelineError(f"backbone {settings.backbone!r}: it has no known early stages to freeze",
                            "train without --keep-early")
    network, known = (run.network(), False) if state else run.initial_network()
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
        for name, sizes, rate, unfreeze in stages:
            done = 0
            if state and names.index(name) <= names.index(state["stage"]):
                done = state["epoch"] if name == state["stage"] else len(sizes)
            if done == len(sizes):
                continue
            unfreeze()
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
    """The learning rate that fastai's finder suggests, within LR_RANGE; its curve is saved as a picture."""
    from matplotlib import pyplot

    found = learn.lr_find(num_it=FINDER_STEPS, suggest_funcs=SuggestionMethod.Valley, show_plot=True)
    pyplot.savefig(plot)
    pyplot.close("all")
    return float(np.clip(found.valley, *LR_RANGE))
