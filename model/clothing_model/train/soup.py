"""Model soups: runs whose weights are the mean of other runs' weights (Wortsman et al. 2022, arXiv:2203.05482)."""
import pathlib
from dataclasses import asdict, replace

import torch

from .. import labels as labelling
from ..errors import PipelineError
from .run import Run


def soup(runs: list[Run], shares: list[float], folder: pathlib.Path) -> Run:
    """A finished run, saved in `folder`, whose weights are the weighted mean of the runs' averaged weights.

    Runs that began from one another lie in the same basin of the loss, where the mean is often better than each of them.
    shares: one positive weight per run; they are scaled to sum to 1.
    """
    first = runs[0]
    if len(shares) != len(runs) or min(shares) <= 0:
        raise PipelineError(f"{len(runs)} runs and shares {shares}", "give one positive share for each run")
    for run in runs:
        if "average" not in run.state:
            raise PipelineError(f"{run.folder}: nothing is trained yet", "let it finish an epoch first")
        if (run.settings.backbone, run.labels, run.digest) != (first.settings.backbone, first.labels, first.digest):
            raise PipelineError(f"{run.folder}: it has another backbone, other labels or other photos than {first.folder}",
                                "average runs with the same backbone, labels and photos")
    if (folder / "checkpoint.pt").exists():
        raise PipelineError(f"{folder}: a run already exists here", "name another --run")
    folder.mkdir(parents=True, exist_ok=True)
    shares = [share / sum(shares) for share in shares]
    result = replace(first, folder=folder, state={
        "average": weighted_mean([run.state["average"] for run in runs], shares), "settings": asdict(first.settings),
        "labels": labelling.dump(first.labels), "digest": first.digest,
        "soup": {str(run.folder): share for run, share in zip(runs, shares)}})
    torch.save(result.state, result.checkpoint)
    return result


def weighted_mean(states: list[dict], shares: list[float]) -> dict:
    """The weighted mean of networks' state dicts. Values that all have in common stay bit-identical. shares: they sum to 1."""
    def mean(key: str, first: torch.Tensor) -> torch.Tensor:
        return first + sum(share * (state[key] - first) for share, state in zip(shares, states))

    return {key: mean(key, value) if value.is_floating_point() else value for key, value in states[0].items()}
