"""Training that stays near what the backbone knew: the early stages are left alone, the later ones begin as they are, are drawn
back towards it, and are taught by regressions that have not seen a photo's source.

What moves far from ImageNet knows its own photos and not the world's; this is for the world's. Steps:

1. Logistic regressions on features of frozen networks, five of each, say of every photo what one says that has seen neither
   it nor any photo of its source. A part of each target is that; doubtful labels weigh less.
2. What the early stages make of changed views is kept on disk (`views`).
3. The later stages are trained on that, from the backbone's own weights and the head of such a regression. After each step
   the weights are drawn back to where they began (decoupled L2-SP, after Li and others 2018, arXiv:1802.01483). A running
   average of them is kept.
4. This is done several times, each time without the photos of some sources, and the mean of the weights is the result (model
   soups, Wortsman and others 2022, arXiv:2203.05482). What they learnt of single sources goes, what they have in common stays.
   The mean can be mixed with where they began (Wortsman and others 2021, arXiv:2109.01903).
5. Photos of small labels were drawn more often, which turns answers away from a large one, "no garment"; its bias is set anew
   on val photos of the last folder.
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

from .. import dataset, features, labels as labelling
from ..clean import losses
from ..collect import manifest
from ..errors import PipelineError
from .network import Classifier
from .training import Run, Settings, weighted_mean
from .views import Changes, Kept, Photos

WARM_UP = 0.1  # share of the steps in which the rate rises
LONGEST = 480  # side that photos are kept at, pixels
REGRESSION_C = 0.03  # inverse strength of the regressions' regularisation, on features of length 20
FEATURE_LENGTH = 20


@dataclass(frozen=True)
class Plan:
    """How a training goes."""

    folds: int = 3  # parts of the sources, each left out of one network's training
    rounds: int = 12  # of views, each of every photo, weakly and strongly changed by turns
    views: int = 120_000  # drawn for each network
    side: int = 192  # of a view, pixels
    batch: int = 64
    rate: float = 4e-4  # highest
    pull: float = 1.0  # towards the beginning: part of the way a step, times the rate
    weight_decay: float = 0.02
    average: float = 0.998
    taught: float = 0.5  # share of the regressions' word in a target
    smoothing: float = 0.05
    balance: float = 0.4  # power to which labels and sources with few photos are favoured
    mix: float = 1.0  # of the trained weights in the result; the rest is where they began
    seed: int = 1


class Later(nn.Module):
    """What comes after the early stages, with the head: float [n, C, s, s] -> logits [n, K]."""

    STAGES = 3  # early ones: with the stem three tenths of EfficientNet-Lite2's arithmetic, a fortieth of its weights

    def __init__(self, network: Classifier):
        super().__init__()
        body = network.body
        self.early = [body.conv_stem, body.bn1, *body.blocks[:self.STAGES]]  # a list, so that they are no part of this
        self.stages = nn.Sequential(*body.blocks[self.STAGES:], body.conv_head, body.bn2)
        self.dropout, self.head = network.dropout, network.head

    def forward(self, x):
        return self.head(self.dropout(self.stages(x).mean((2, 3))))


def regression():
    from sklearn.linear_model import LogisticRegression

    return LogisticRegression(C=REGRESSION_C, max_iter=300)


def head_of_regression(vectors: np.ndarray, targets: np.ndarray, count: int) -> tuple[np.ndarray, np.ndarray]:
    """(weights [K, C], bias [K]) of a logistic regression on features as they are."""
    scale = FEATURE_LENGTH / np.linalg.norm(vectors, axis=1).mean()
    fitted = regression().fit(vectors * scale, targets)
    weights, bias = np.zeros((count, vectors.shape[1]), np.float32), np.full(count, -10, np.float32)
    weights[fitted.classes_], bias[fitted.classes_] = fitted.coef_ * scale, fitted.intercept_
    return weights, bias


def teach(vectors: list[np.ndarray], targets: np.ndarray, count: int, sources: list[str], seed: int) -> np.ndarray:
    """float32 [n, K]: the mean word of regressions on each network's features, and on all of them side by side."""
    unit = [FEATURE_LENGTH * each / np.linalg.norm(each, axis=1, keepdims=True) for each in vectors]
    said = [losses.cross_validated(each, targets, count, seed, sources, regression)
            for each in (unit[:1] if len(unit) == 1 else [unit[0], np.concatenate(unit, 1)])]
    return np.mean(said, 0).astype(np.float32)


def best_bias(logits: np.ndarray, targets: np.ndarray, none: np.ndarray) -> float:
    """What to add to the logits of the labels where `none` [K] is true, so that most of the answers are right: the middle of
    all that do as well but for one standard error (Breiman and others 1984), since most of these differ by chance."""
    biases = np.round(np.arange(-2, 2.55, 0.1), 1)
    right = np.array([((logits + bias * none).argmax(1) == targets).mean() for bias in biases])
    best = right.max()
    near = np.flatnonzero(right >= best - np.sqrt(best * (1 - best) / len(targets)))
    return float(biases[near[len(near) // 2]])


def drawing_weights(targets: np.ndarray, sources: list[str], balance: float) -> np.ndarray:
    """How often each photo is drawn: labels with few photos more often, and sources with few of a label."""
    of_label = np.bincount(targets)
    pairs = list(zip(targets.tolist(), sources))
    of_pair = Counter(pairs)
    weights = np.array([(of_label[target] * of_pair[target, source]) ** -balance for target, source in pairs])
    return weights / weights.sum()


def folds_of(sources: list[str], folds: int, seed: int) -> np.ndarray:
    """int [n]: the fold of each photo, one for all of a source; photos of unknown sources ("") are drawn one by one."""
    owners = [name or str(i) for i, name in enumerate(sources)]
    names = sorted(set(owners))
    if len(names) < folds:
        raise PipelineError(f"{len(names)} sources: too few to leave out one of {folds} parts", "train with fewer --folds")
    fold = dict(zip(names, np.random.default_rng(seed).permutation(len(names)) % folds))
    return np.array([fold[name] for name in owners])


def refine(settings: Settings, plan: Plan, folder: pathlib.Path, photos: list[dataset.Photo],
           others: dict[str, pathlib.Path], cache: pathlib.Path) -> Run:
    """Trains on the photos of the split train and keeps the run. others: backbones and files of their weights, which teach
    beside the network's own. cache: folder for features, see `features`."""
    if (folder / "checkpoint.pt").exists():
        raise PipelineError(f"{folder}: there is a run here", "name another --run")
    torch.manual_seed(plan.seed)
    folder.mkdir(parents=True, exist_ok=True)
    chosen, pixels = dataset.load([photo for photo in photos if photo.split == "train"], LONGEST, settings.skip_bad)
    labels = labelling.describe({photo.label for photo in chosen}, pathlib.Path(settings.labels))
    run = Run(folder, settings, labels, dataset.digest(photos))
    network = run.network(pretrained=True)
    if not all(hasattr(network.body, part) for part in ("conv_stem", "bn1", "blocks", "conv_head", "bn2")):
        raise PipelineError(f"backbone {settings.backbone!r}: its stages are not known here", "use `train` for it")
    index = {label.id: i for i, label in enumerate(labels)}
    targets = np.array([index[photo.label] for photo in chosen])
    sources = manifest.people(chosen)
    folds = folds_of(sources, plan.folds, plan.seed)

    weights = pathlib.Path(settings.weights) if settings.weights else None
    vectors = [features.of_backbone(name, file, chosen, cache, settings.input_size)[1]
               for name, file in ({settings.backbone: weights} | others).items()]
    taught = teach(vectors, targets, len(labels), sources, plan.seed)
    print(f"the teachers agree with {(taught.argmax(1) == targets).mean():.1%} of the labels", flush=True)
    network.head.weight.data, network.head.bias.data = map(torch.from_numpy, head_of_regression(vectors[0], targets, len(labels)))

    aims = np.full((len(targets), len(labels)), plan.smoothing / len(labels), np.float32)
    aims[np.arange(len(targets)), targets] += 1 - plan.smoothing
    aims = torch.from_numpy((1 - plan.taught) * aims + plan.taught * taught)
    kept = _views(network, plan, folder / "views", pixels, targets, labels, settings)
    drawn = drawing_weights(targets, sources, plan.balance)
    began, trained = copy.deepcopy(network.state_dict()), []
    for number in range(plan.folds):
        print(f"network {number + 1} of {plan.folds}", flush=True)
        network.load_state_dict(began)
        learnt = drawn * (folds != number) if plan.folds > 1 else drawn
        train_later(network, kept, aims, learnt, replace(plan, seed=plan.seed + number))
        trained.append(copy.deepcopy(network.state_dict()))
    network.load_state_dict(weighted_mean(trained, [1 / plan.folds] * plan.folds))
    run.state = {"average": network.state_dict(), "settings": asdict(settings), "plan": asdict(plan),
                 "labels": labelling.dump(labels), "digest": run.digest, "stage": "body", "epoch": 1}
    none = torch.tensor([label.group == "none" for label in labels])
    if none.any():
        judged, shown = dataset.load([photo for photo in photos if photo.split == "val" and photo.root == settings.roots[-1]],
                                  skip_bad=settings.skip_bad)
        logits = run.answers([settings.preprocessing.square(image) for image in shown])
        bias = best_bias(logits, np.array([index[photo.label] for photo in judged]), none.numpy())
        print(f"bias of no garment: {bias:+.1f}", flush=True)
        run.state["average"]["head.bias"] += bias * none
    torch.save(run.state, run.checkpoint)
    return run


def _views(network: Classifier, plan: Plan, folder: pathlib.Path, pixels: list[np.ndarray], targets: np.ndarray,
           labels: list, settings: Settings) -> Kept:
    """Views of all photos in each round, weakly changed in the first, strongly in the second, and so on."""
    squares = Photos.of(pixels, [labels[target].group != "none" for target in targets])
    early = nn.Sequential(*Later(network).early).eval().to(memory_format=torch.channels_last)
    mean, std = (torch.tensor(values)[:, None, None] for values in (settings.preprocessing.mean, settings.preprocessing.std))
    kept = Kept(folder)
    for number in range(plan.rounds):
        changes, began = Changes(squares, plan.seed * 1000 + number), time.time()
        kept.add(number, np.arange(len(pixels)), lambda indices: (changes(indices, plan.side, number % 2 == 1) - mean) / std, early)
        print(f"views, round {number + 1} of {plan.rounds}: {time.time() - began:.0f} s", flush=True)
    return kept


def train_later(network: Classifier, kept: Kept, aims: torch.Tensor, weights: np.ndarray, plan: Plan) -> None:
    """Trains `network`'s later stages and head on kept views. aims: float32 [n, K]; weights: float [n], of each photo."""
    later = Later(network).to(memory_format=torch.channels_last)
    began = {key: value.clone() for key, value in later.state_dict().items()}
    matrices = [(name, value) for name, value in later.named_parameters() if value.ndim > 1]
    pulled = [(value.data, began[name]) for name, value in matrices if not name.startswith("head")]
    optimiser = torch.optim.AdamW([
        {"params": [value for _, value in matrices], "weight_decay": plan.weight_decay},
        {"params": [value for value in later.parameters() if value.ndim <= 1], "weight_decay": 0.0}], betas=(0.9, 0.99))
    average = copy.deepcopy(began)
    rng = np.random.default_rng(plan.seed)
    of_views = weights[kept.photo]
    steps = max(1, plan.views // plan.batch)
    drawn = rng.choice(len(of_views), (steps, plan.batch), p=of_views / of_views.sum())
    later.train()
    shown, sums = time.time(), []
    for step, views in enumerate(drawn):
        done = step / steps
        rate = plan.rate * (done / WARM_UP if done < WARM_UP else
                            (1 + math.cos(math.pi * (done - WARM_UP) / (1 - WARM_UP))) / 2)
        for group in optimiser.param_groups:
            group["lr"] = rate
        inputs = kept[views]
        if rng.random() < 0.5:
            inputs = inputs.flip(3)
        logits = later(inputs.contiguous(memory_format=torch.channels_last))
        loss = nn.functional.cross_entropy(logits, aims[kept.photo[views]])
        optimiser.zero_grad(set_to_none=True)
        loss.backward()
        nn.utils.clip_grad_norm_(later.parameters(), 2.0)
        optimiser.step()
        share = min(plan.average, (step + 1) / (step + 10))
        with torch.no_grad():
            for value, start in pulled:
                value.lerp_(start, min(1.0, rate * plan.pull))
            for key, value in later.state_dict().items():
                if value.is_floating_point():
                    average[key].lerp_(value, 1 - share)
        sums.append(loss.item())
        if time.time() - shown > 30:
            shown = time.time()
            print(f"  step {step + 1} of {steps}, loss {np.mean(sums[-50:]):.3f}", flush=True)
    later.load_state_dict({key: torch.lerp(began[key], value, plan.mix) if value.is_floating_point() else value
                           for key, value in average.items()})
    network.eval()
