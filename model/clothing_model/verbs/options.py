"""Options that several verbs share: their defaults, their types and their help."""
import argparse
import pathlib

from .. import BACKBONE

DEFAULT_DATA = [pathlib.Path("../shared/photos")]
DEFAULT_RUN = pathlib.Path("model/runs/main")
DEFAULT_ONNX = pathlib.Path("model/clothing.onnx")
DEFAULT_CACHE = pathlib.Path("model/runs/features")
SPLITS = ("train", "val", "test")
LARGEST_MB = 5.5  # of an exported file: what a first visit to the page can afford


def positive(text: str) -> int:
    """Type of options that are whole numbers of at least 1."""
    value = int(text)
    if value < 1:
        raise argparse.ArgumentTypeError("must be at least 1")
    return value


def above_zero(text: str) -> float:
    """Type of options that are numbers greater than 0."""
    value = float(text)
    if not value > 0:
        raise argparse.ArgumentTypeError("must be greater than 0")
    return value


def sizes(text: str) -> tuple[int, ...]:
    """"160*2,192*4" -> (160, 160, 192, 192, 192, 192)"""
    parts = [part.partition("*") for part in text.split(",")]
    return tuple(int(size) for size, _, times in parts for _ in range(int(times or 1)))


def bytes_of(megabytes: float) -> int:
    return round(megabytes * 1e6)


def add_run(verb: argparse.ArgumentParser) -> None:
    """A finished run, and the photos it is checked on."""
    verb.add_argument("--run", type=pathlib.Path, default=DEFAULT_RUN, help="folder of the training run (%(default)s)")
    verb.add_argument("--data", type=pathlib.Path, nargs="+", help="folders of photos; default: those of the training run")
    add_skip_bad(verb)


def add_splits(verb: argparse.ArgumentParser) -> None:
    verb.add_argument("--splits", nargs="+", choices=SPLITS, default=["train", "val"], help="(train val)")


def add_cache(verb: argparse.ArgumentParser) -> None:
    verb.add_argument("--cache", type=pathlib.Path, default=DEFAULT_CACHE, help="folder that features are cached in (%(default)s)")


def add_skip_bad(verb: argparse.ArgumentParser, default: bool | None = False) -> None:
    """default: None where "not given" must differ from "no"."""
    verb.add_argument("--skip-bad", action="store_true", default=default, help="report unreadable files and continue without them")


def add_networks(verb: argparse.ArgumentParser) -> None:
    """The two networks that photos are judged by: the exported one, and a frozen backbone for features."""
    verb.add_argument("--onnx", type=pathlib.Path, default=DEFAULT_ONNX, help="exported network (%(default)s)")
    verb.add_argument("--backbone", default=BACKBONE, help="timm network that computes the frozen features (%(default)s)")
    verb.add_argument("--weights", type=pathlib.Path, help="file with its ImageNet weights; default: downloaded from timm's hub")
    add_cache(verb)
    add_skip_bad(verb)


def add_largest(verb: argparse.ArgumentParser) -> None:
    verb.add_argument("--largest", type=float, metavar="MB", default=LARGEST_MB,
                      help="largest exported file allowed (%(default)s, for the network that ships with the page; one that is "
                      "dropped on the page may have 200)")
