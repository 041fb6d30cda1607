"""What the network is shown in training: photos drawn by weight, augmented anew each epoch, with soft targets."""
import pathlib

import numpy as np
import torch
from fastai.data.core import DataLoaders
from fastai.data.load import DataLoader

from ..dataset import Photo
from ..errors import PipelineError
from ..labels import Label
from ..onnx_file import OnnxModel, softmax
from ..picture import Preprocessing
from .augment import Augment, Strength, background_patches
from .run import EXPORTED, Run
from .settings import Settings

TEACHER_SHARE = 0.5  # of a target, where there are teachers


class PhotoDataset(torch.utils.data.Dataset):
    """(float32 [3, S, S], target) per photo, augmented anew in each epoch if there is an `augment`.

    pixels: uint8 [h, w, 3] each. targets: label indices, or float32 [n, K], the probability of each label.
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
    return images.contiguous(memory_format=torch.channels_last), targets  # 25 % faster on CPUs


class BalancedLoader(DataLoader):
    """Draws photos by weight, reproducibly by seed and epoch."""

    def __init__(self, dataset: PhotoDataset, weights: np.ndarray, **options):
        super().__init__(dataset, **options)
        self.weights = weights / weights.sum()

    def get_idxs(self):
        rng = np.random.default_rng((self.dataset.seed, self.dataset.epoch))
        # systematic sampling: each photo is drawn its expected number of times, rounded down or up
        order = rng.permutation(len(self.weights))
        places = (np.arange(self.n) + rng.random()) / self.n
        drawn = order[np.searchsorted(np.cumsum(self.weights[order]), places).clip(0, len(order) - 1)]
        return [int(index) for index in rng.permutation(drawn)]


def sampling_weights(settings: Settings, groups: list[str], targets: list[int], studio: list[bool]) -> np.ndarray:
    """How often each photo is drawn, float [n], not normalised.

    Half-way (by the square root) between drawing all photos and drawing all labels equally often, times the settings'
    factors for studio photos and core labels. groups: of each label. studio: for each photo, whether its background is plain.
    """
    counts = np.bincount(targets)
    return np.array([1 / np.sqrt(counts[target]) * (settings.studio_weight if plain else 1)
                     * (settings.core_weight if groups[target] == "core" else 1)
                     for target, plain in zip(targets, studio)])


def soft_targets(settings: Settings, labels: list[Label], pixels: list[np.ndarray], targets: list[int]) -> np.ndarray:
    """float32 [n, K]: the smoothed label; with teachers, the mean of that and of what the teachers predict.

    A teacher that has seen a photo in many variants can outvote its folder where that is wrong or two labels fit
    (distillation: Hinton et al. 2015, arXiv:1503.02531). Each teacher sees the photo as it is and mirrored.
    """
    labelled = np.full((len(targets), len(labels)), settings.smoothing / len(labels), np.float32)
    labelled[np.arange(len(targets)), targets] += 1 - settings.smoothing
    if not settings.teachers:
        return labelled
    taught = np.zeros_like(labelled)
    for name in settings.teachers:
        if pathlib.Path(name).suffix == EXPORTED:
            teacher = OnnxModel.load(pathlib.Path(name))
            preprocessing = teacher.preprocessing
        else:
            teacher = Run.load(pathlib.Path(name))
            preprocessing = teacher.settings.preprocessing
        if teacher.labels != labels:
            raise PipelineError(f"{name}: that teacher has other labels", "name teachers with the same labels")
        print(f"asking the teacher {name}", flush=True)
        squares = [preprocessing.square(image) for image in pixels]
        mirrored = [square[:, ::-1] for square in squares]
        predicted = (softmax(teacher.logits(squares)) + softmax(teacher.logits(mirrored))) / 2
        print(f"it agrees with {(predicted.argmax(1) == targets).mean():.1%} of the labels", flush=True)
        taught += predicted / len(settings.teachers)
    return (1 - TEACHER_SHARE) * labelled + TEACHER_SHARE * taught


def build_loaders(settings: Settings, labels: list[Label], photos: list[Photo], pixels: list[np.ndarray]) -> DataLoaders:
    """Loaders of the splits train and val. pixels: of each photo, uint8 [h, w, 3]."""
    index = {label.id: i for i, label in enumerate(labels)}
    groups = [label.group for label in labels]

    def part(split):
        chosen = [i for i, photo in enumerate(photos) if photo.split == split]
        return [pixels[i] for i in chosen], [index[photos[i].label] for i in chosen]

    shown, targets = part("train")
    garmentless = {i for i, target in enumerate(targets) if groups[target] == "none"}
    augment = Augment(shown, [], garmentless, Strength().scaled(settings.augment))
    at_home = [i for i, mask in enumerate(augment.masks) if mask is None and i not in garmentless]
    augment.backgrounds = [patch for i in at_home for patch in background_patches(shown[i])]
    weights = sampling_weights(settings, groups, targets, [mask is not None for mask in augment.masks])
    print(f"{len(shown)} photos to train on; {sum(mask is not None for mask in augment.masks)} on plain backgrounds, "
          f"{len(augment.backgrounds)} patches of other backgrounds", flush=True)
    soft = soft_targets(settings, labels, shown, targets)
    train = BalancedLoader(PhotoDataset(shown, soft, settings.preprocessing, augment, settings.seed), weights,
                           bs=min(settings.batch, len(shown)), drop_last=True, num_workers=settings.workers,
                           n=settings.steps * settings.batch if settings.steps else len(shown),
                           after_batch=_channels_last)
    valid = DataLoader(PhotoDataset(*part("val"), settings.preprocessing), bs=64, num_workers=settings.workers,
                       after_batch=_channels_last)
    return DataLoaders(train, valid, device=torch.device(settings.device))
