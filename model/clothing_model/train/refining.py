"""Fine-tuning that stays close to the pretrained backbone.

A network that moves far from its ImageNet weights learns the photos it is trained on, and generalises worse to new
sources. So the early stages are frozen, the later ones are pulled back towards their initial weights, and part of each
target comes from regressions that have not seen the photo's source:

1. Logistic regressions on features of frozen networks predict each photo's label out of fold: the regression that is asked
   has seen neither the photo nor any other of its source. These predictions are part of the targets, so that doubtful
   labels weigh less.
2. The outputs of the early stages for augmented views are cached on disk (`views`).
3. The later stages are trained on these, starting from the backbone's weights and the head of such a regression. After each
   step the weights are pulled towards their initial values (decoupled L2-SP, after Li et al. 2018, arXiv:1802.01483). A
   running average of the weights is kept.
4. Several networks are trained, each without the photos of some sources, and the mean of their weights is the result (model
   soups: Wortsman et al. 2022, arXiv:2203.05482). It keeps what they have in common and loses what each learnt about single
   sources. It can be mixed with the initial weights (Wortsman et al. 2021, arXiv:2109.01903).
5. Because photos of small labels were drawn more often, the network names the largest one, "no garment", too rarely. The
   bias of that label is fitted again on the val photos of the last folder.
"""
import copy
import math
import pathlib
import time
from collections import Counter
from dataclasses import asdict, dataclass, replace

import numpy as np
import torch
from torch import nn

from .. import dataset, labels as labelling
from ..clean import cross_validation
from ..collect import manifest
from ..dataset import Photo
from ..errors import PipelineError
from .network import Classifier, backbone_features
from .run import Run
from .settings import Settings
from .soup import weighted_mean
from .views import CachedViews, SquarePhotos, ViewSampler

WARM_UP = 0.1  # share of the steps in which the learning rate rises
LONGEST_SIDE = 480  # of photos in memory, pixels
REGRESSION_C = 0.03  # inverse regularisation strength of the regressions, on features scaled to FEATURE_LENGTH
FEATURE_LENGTH = 20


@dataclass(frozen=True)
class Plan:
    """Settings of this kind of training."""

    folds: int = 3  # parts of the sources; each network is trained without one of them
    rounds: int = 12  # of views: each has one view of every photo, in turns weakly and strongly augmented
    views: int = 120_000  # drawn for each network
    side: int = 192  # of a view, pixels
    batch: int = 64
    rate: float = 4e-4  # highest learning rate
    pull: float = 1.0  # each step moves the weights back by pull * learning rate of the way to their initial values
    weight_decay: float = 0.02
    average: float = 0.998  # decay of the running average of the weights, per step
    taught: float = 0.5  # share of a target that comes from the regressions
    smoothing: float = 0.05
    balance: float = 0.4  # exponent by which labels and sources with few photos are favoured; 0: not at all
    mix: float = 1.0  # share of the trained weights in the result; the rest are the initial weights
    seed: int = 1


class LaterStages(nn.Module):
    """The stages after the early ones, and the head: float [n, C, s, s] -> logits [n, K]."""

    EARLY = 3  # stages; with the stem 30 % of EfficientNet-Lite2's arithmetic and a fortieth of its weights

    def __init__(self, network: Classifier):
        super().__init__()
        body = network.body
        self.early = [body.conv_stem, body.bn1, *body.blocks[:self.EARLY]]  # in a plain list, so not parameters of this module
        self.stages = nn.Sequential(*body.blocks[self.EARLY:], body.conv_head, body.bn2)
        self.dropout, self.head = network.dropout, network.head

    def forward(self, x):
        return self.head(self.dropout(self.stages(x).mean((2, 3))))


def regression():
    """The logistic regression that teaches, not fitted yet."""
    from sklearn.linear_model import LogisticRegression

    return LogisticRegression(C=REGRESSION_C, max_iter=300)


def head_of_regression(vectors: np.ndarray, targets: np.ndarray, count: int) -> tuple[np.ndarray, np.ndarray]:
    """(weights [K, C], bias [K]) of a logistic regression on features [n, C], in the features' own scale. count: K."""
    scale = FEATURE_LENGTH / np.linalg.norm(vectors, axis=1).mean()
    fitted = regression().fit(vectors * scale, targets)
    weights, bias = np.zeros((count, vectors.shape[1]), np.float32), np.full(count, -10, np.float32)
    weights[fitted.classes_], bias[fitted.classes_] = fitted.coef_ * scale, fitted.intercept_
    return weights, bias


def teach(vectors: list[np.ndarray], targets: np.ndarray, count: int, sources: list[str], seed: int) -> np.ndarray:
    """Out-of-fold probabilities, float32 [n, K], of regressions on frozen features.

    vectors: the features [n, C] of each network. With several networks, the mean of the predictions on the first one's
    features and on all of them concatenated. count: K.
    """
    scaled = [FEATURE_LENGTH * each / np.linalg.norm(each, axis=1, keepdims=True) for each in vectors]
    predicted = [cross_validation.predict(each, targets, count, seed, sources, regression)
                 for each in (scaled[:1] if len(scaled) == 1 else [scaled[0], np.concatenate(scaled, 1)])]
    return np.mean(predicted, 0).astype(np.float32)


def best_bias(logits: np.ndarray, targets: np.ndarray, none: np.ndarray) -> float:
    """The number that, added to the logits of labels where `none` [K] is true, makes most answers right.

    Of all candidates within one standard error of the best accuracy, which differ from it by chance, the middle one is taken
    (one-standard-error rule: Breiman et al. 1984). logits: [n, K], targets: [n].
    """
    biases = np.round(np.arange(-2, 2.55, 0.1), 1)
    right = np.array([((logits + bias * none).argmax(1) == targets).mean() for bias in biases])
    best = right.max()
    near = np.flatnonzero(right >= best - np.sqrt(best * (1 - best) / len(targets)))
    return float(biases[near[len(near) // 2]])


def sampling_weights(targets: np.ndarray, sources: list[str], balance: float) -> np.ndarray:
    """The probability of drawing each photo, float [n]: higher for labels with few photos, and sources with few of a label."""
    of_label = np.bincount(targets)
    pairs = list(zip(targets.tolist(), sources))
    of_pair = Counter(pairs)
    weights = np.array([(of_label[target] * of_pair[target, source]) ** -balance for target, source in pairs])
    return weights / weights.sum()


def folds_of(sources: list[str], folds: int, seed: int) -> np.ndarray:
    """int [n]: the fold of each photo, the same for all photos of a source; each photo of an unknown source ("") has its own."""
    owners = [name or str(i) for i, name in enumerate(sources)]
    names = sorted(set(owners))
    if len(names) < folds:
        raise PipelineError(f"{len(names)} sources: too few for {folds} folds", "train with fewer --folds")
    fold = dict(zip(names, np.random.default_rng(seed).permutation(len(names)) % folds))
    return np.array([fold[name] for name in owners])


def refine(settings: Settings, plan: Plan, folder: pathlib.Path, photos: list[Photo],
           teachers: dict[str, pathlib.Path], cache: pathlib.Path) -> Run:
    """Trains on the photos of the split train, and saves the run in `folder`.

    teachers: further backbones and files with their weights; regressions on their features teach beside those on the
    network's own. cache: folder for features, see `features`.
    """
    if (folder / "checkpoint.pt").exists():
        raise PipelineError(f"{folder}: a run already exists here", "name another --run")
    torch.manual_seed(plan.seed)
    folder.mkdir(parents=True, exist_ok=True)
    chosen, pixels = dataset.load([photo for photo in photos if photo.split == "train"], LONGEST_SIDE, settings.skip_bad)
    labels = labelling.describe({photo.label for photo in chosen}, pathlib.Path(settings.labels))
    run = Run(folder, settings, labels, dataset.digest(photos))
    network = run.network(pretrained=True)
    if not all(hasattr(network.body, part) for part in ("conv_stem", "bn1", "blocks", "conv_head", "bn2")):
        raise PipelineError(f"backbone {settings.backbone!r}: not of the EfficientNet family", "use `train` for it")
    index = {label.id: i for i, label in enumerate(labels)}
    targets = np.array([index[photo.label] for photo in chosen])
    sources = manifest.people(chosen)
    folds = folds_of(sources, plan.folds, plan.seed)

    weights = pathlib.Path(settings.weights) if settings.weights else None
    vectors = [backbone_features(name, file, chosen, cache, settings.input_size)[1]
               for name, file in ({settings.backbone: weights} | teachers).items()]
    taught = teach(vectors, targets, len(labels), sources, plan.seed)
    print(f"the teachers agree with {(taught.argmax(1) == targets).mean():.1%} of the labels", flush=True)
    network.head.weight.data, network.head.bias.data = map(torch.from_numpy, head_of_regression(vectors[0], targets, len(labels)))

    soft = np.full((len(targets), len(labels)), plan.smoothing / len(labels), np.float32)
    soft[np.arange(len(targets)), targets] += 1 - plan.smoothing
    soft = torch.from_numpy((1 - plan.taught) * soft + plan.taught * taught)
    cached = _views(network, plan, folder / "views", pixels, targets, labels, settings)
    drawn = sampling_weights(targets, sources, plan.balance)
    initial, trained = copy.deepcopy(network.state_dict()), []
    for number in range(plan.folds):
        print(f"network {number + 1} of {plan.folds}", flush=True)
        network.load_state_dict(initial)
        weights_without_fold = drawn * (folds != number) if plan.folds > 1 else drawn
        train_later(network, cached, soft, weights_without_fold, replace(plan, seed=plan.seed + number))
        trained.append(copy.deepcopy(network.state_dict()))
    network.load_state_dict(weighted_mean(trained, [1 / plan.folds] * plan.folds))
    run.state = {"average": network.state_dict(), "settings": asdict(settings), "plan": asdict(plan),
                 "labels": labelling.dump(labels), "digest": run.digest, "stage": "body", "epoch": 1}
    none = torch.tensor([label.group == "none" for label in labels])
    if none.any():
        judged, shown = dataset.load([photo for photo in photos if photo.split == "val" and photo.root == settings.roots[-1]],
                                  skip_bad=settings.skip_bad)
        logits = run.logits([settings.preprocessing.square(image) for image in shown])
        bias = best_bias(logits, np.array([index[photo.label] for photo in judged]), none.numpy())
        print(f"bias of no garment: {bias:+.1f}", flush=True)
        run.state["average"]["head.bias"] += bias * none
    torch.save(run.state, run.checkpoint)
    return run


def _views(network: Classifier, plan: Plan, folder: pathlib.Path, pixels: list[np.ndarray], targets: np.ndarray,
           labels: list, settings: Settings) -> CachedViews:
    """Views of all photos, round by round: weakly augmented in the first, strongly in the second, and so on."""
    squares = SquarePhotos.of(pixels, [labels[target].group != "none" for target in targets])
    early = nn.Sequential(*LaterStages(network).early).eval().to(memory_format=torch.channels_last)
    mean, std = (torch.tensor(values)[:, None, None] for values in (settings.preprocessing.mean, settings.preprocessing.std))
    cached = CachedViews(folder)
    for number in range(plan.rounds):
        sampler, began = ViewSampler(squares, plan.seed * 1000 + number), time.time()
        cached.add(number, np.arange(len(pixels)), lambda indices: (sampler(indices, plan.side, number % 2 == 1) - mean) / std, early)
        print(f"views, round {number + 1} of {plan.rounds}: {time.time() - began:.0f} s", flush=True)
    return cached


def train_later(network: Classifier, cached: CachedViews, soft: torch.Tensor, weights: np.ndarray, plan: Plan) -> None:
    """Trains the later stages and the head of `network` on cached views.

    soft: target probabilities, float32 [n, K]. weights: how often views of each photo are drawn, float [n].
    """
    later = LaterStages(network).to(memory_format=torch.channels_last)
    initial = {key: value.clone() for key, value in later.state_dict().items()}
    matrices = [(name, value) for name, value in later.named_parameters() if value.ndim > 1]
    pulled = [(value.data, initial[name]) for name, value in matrices if not name.startswith("head")]
    optimiser = torch.optim.AdamW([
        {"params": [value for _, value in matrices], "weight_decay": plan.weight_decay},
        {"params": [value for value in later.parameters() if value.ndim <= 1], "weight_decay": 0.0}], betas=(0.9, 0.99))
    average = copy.deepcopy(initial)
    rng = np.random.default_rng(plan.seed)
    view_weights = weights[cached.photo]
    steps = max(1, plan.views // plan.batch)
    drawn = rng.choice(len(view_weights), (steps, plan.batch), p=view_weights / view_weights.sum())
    later.train()
    told, recent = time.time(), []
    for step, views in enumerate(drawn):
        done = step / steps
        rate = plan.rate * (done / WARM_UP if done < WARM_UP else
                            (1 + math.cos(math.pi * (done - WARM_UP) / (1 - WARM_UP))) / 2)
        for group in optimiser.param_groups:
            group["lr"] = rate
        inputs = cached[views]
        if rng.random() < 0.5:
            inputs = inputs.flip(3)
        logits = later(inputs.contiguous(memory_format=torch.channels_last))
        loss = nn.functional.cross_entropy(logits, soft[cached.photo[views]])
        optimiser.zero_grad(set_to_none=True)
        loss.backward()
        nn.utils.clip_grad_norm_(later.parameters(), 2.0)
        optimiser.step()
        decay = min(plan.average, (step + 1) / (step + 10))
        with torch.no_grad():
            for value, start in pulled:
                value.lerp_(start, min(1.0, rate * plan.pull))
            for key, value in later.state_dict().items():
                if value.is_floating_point():
                    average[key].lerp_(value, 1 - decay)
        recent.append(loss.item())
        if time.time() - told > 30:
            told = time.time()
            print(f"  step {step + 1} of {steps}, loss {np.mean(recent[-50:]):.3f}", flush=True)
    later.load_state_dict({key: torch.lerp(initial[key], value, plan.mix) if value.is_floating_point() else value
                           for key, value in average.items()})
    network.eval()
