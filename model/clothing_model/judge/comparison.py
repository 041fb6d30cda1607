"""Compares classic methods with the fine-tuned network, on the same photos.

The methods get the pooled features of the frozen ImageNet network, standardised on train, and learn one-hot labels from the
train split. Their settings are chosen on val by log loss. The network is the exported file, with calibrated probabilities.
Figures, on one split:

- mean absolute error over all n x K one-hot targets, of the raw outputs (those of regressions may lie outside 0..1);
- accuracy: how often the largest output is the photo's label;
- log loss: -ln of the probability of the photo's label. Outputs are first raised to FLOOR and scaled to sum to 1; otherwise a
  regression would have no log loss, and a forest that is certain and wrong an infinite one;
- seconds of processor time to fit the chosen setting, without computing features; for the network, those in its history.
"""
import json
import pathlib
import time
import warnings
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np
from sklearn.dummy import DummyClassifier
from sklearn.ensemble import RandomForestClassifier, StackingClassifier
from sklearn.exceptions import ConvergenceWarning
from sklearn.linear_model import Lasso, LinearRegression, Ridge, RidgeClassifier
from sklearn.neighbors import KNeighborsClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from xgboost import XGBClassifier

from .. import spreadsheet
from ..clean.cross_validation import logistic_regression

FLOOR = 0.001
SEED = 1


@dataclass(frozen=True)
class Part:
    """The photos of one split. vectors: features, float32 [n, C]. targets: int [n]."""

    vectors: np.ndarray
    targets: np.ndarray


@dataclass
class Row:
    """The result of one method on one split. answers: its outputs, float [n, K]."""

    method: str
    setting: str
    answers: np.ndarray
    seconds: float | None

    def figures(self, targets: np.ndarray) -> dict:
        """The row of the comparison. targets: int [n]."""
        labels = self.answers.shape[1]
        probabilities = as_probabilities(self.answers)
        return {"method": self.method, "setting": self.setting,
                "mean_absolute_error": float(np.abs(self.answers - np.eye(labels)[targets]).mean()),
                "accuracy": float((self.answers.argmax(1) == targets).mean()),
                "log_loss": float(-np.log(probabilities[np.arange(len(targets)), targets]).mean()), "seconds": self.seconds}


def as_probabilities(answers: np.ndarray) -> np.ndarray:
    """float [n, K] -> float [n, K], rows that sum to 1 with no value far below FLOOR."""
    raised = answers.clip(FLOOR)
    return raised / raised.sum(1, keepdims=True)


def forest(trees: int):
    """A classification forest. A regression forest on one-hot targets would split alike: their variance is the Gini impurity."""
    return RandomForestClassifier(trees, random_state=SEED, n_jobs=1)


def neighbours(count: int = 10):
    return KNeighborsClassifier(count, weights="distance", metric="cosine")


def boosted(depth: int):
    """Gradient-boosted trees; boosting stops when the log loss on val no longer improves."""
    return XGBClassifier(n_estimators=400, max_depth=depth, learning_rate=0.2, subsample=0.8, colsample_bytree=0.2,
                         max_bin=64, tree_method="hist", early_stopping_rounds=10, eval_metric="mlogloss",
                         random_state=SEED, n_jobs=1)


def stacked():
    """A logistic regression on the out-of-fold predictions of four methods."""
    methods = [("ridge", make_pipeline(StandardScaler(), RidgeClassifier(1000))), ("logistic", logistic_regression()),
               ("forest", forest(100)), ("neighbours", neighbours())]
    return StackingClassifier(methods, logistic_regression(0.03), cv=5, n_jobs=1)


# For each method: its name, the name of its setting, the values to choose from, and a function that makes it.
METHODS: tuple[tuple[str, str, tuple, Callable], ...] = (
    ("label frequencies", "", (None,), lambda _: DummyClassifier(strategy="prior")),
    ("linear regression", "", (None,), lambda _: LinearRegression()),
    ("lasso", "alpha", (0.0003, 0.001, 0.003), lambda alpha: make_pipeline(StandardScaler(), Lasso(alpha, precompute=True))),
    ("ridge", "alpha", (300, 1000, 3000, 10000), lambda alpha: make_pipeline(StandardScaler(), Ridge(alpha))),
    ("random forest", "trees", (200,), forest),
    ("XGBoost", "depth", (4,), boosted),
    ("k-nearest neighbours", "k", (5, 10, 20, 40), neighbours),
    ("logistic regression", "C", (0.001, 0.003, 0.01, 0.03, 0.1), logistic_regression),
    ("stacked model", "", (None,), lambda _: stacked()),
)


def answers(model, vectors: np.ndarray) -> np.ndarray:
    """The outputs of a fitted model, float [n, K]: probabilities, or what a regression predicts."""
    return model.predict_proba(vectors) if hasattr(model, "predict_proba") else model.predict(vectors)


def fit(method: str, make: Callable, setting, train: Part, val: Part, labels: int):
    """(fitted model, seconds of processor time). Regressions learn one-hot targets, classifiers the labels."""
    model = make(setting)
    targets = train.targets if hasattr(model, "predict_proba") else np.eye(labels, dtype=np.float32)[train.targets]
    began = time.process_time()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        if isinstance(model, XGBClassifier):
            model.fit(train.vectors, targets, eval_set=[(val.vectors, val.targets)], verbose=False)
        else:
            model.fit(train.vectors, targets)
    return model, time.process_time() - began


def classic(train: Part, val: Part, shown: Part, labels: int) -> Iterator[Row]:
    """Fits each method with each of its settings, and yields the results on `shown` of the setting that is best on val."""
    for method, name, settings, make in METHODS:
        best, least = None, np.inf
        for setting in settings:
            model, seconds = fit(method, make, setting, train, val, labels)
            loss = Row(method, "", answers(model, val.vectors), None).figures(val.targets)["log_loss"]
            if loss < least:
                rounds = f", {model.best_iteration + 1} rounds" if isinstance(model, XGBClassifier) else ""
                best, least = (model, f"{name} {setting:g}{rounds}" if name else "", seconds), loss
        model, chosen, seconds = best
        yield Row(method, chosen, answers(model, shown.vectors), seconds)


def table(figures: list[dict]) -> str:
    """The figures as a Markdown table."""
    lines = ["| method | setting | mean absolute error | accuracy | log loss | fitted in |", "|---|---|---|---|---|---|"]
    for row in figures:
        lines.append(f"| {row['method']} | {row['setting']} | {row['mean_absolute_error']:.4f} | {row['accuracy']:.3f} | "
                     f"{row['log_loss']:.3f} | {duration(row['seconds'])} |")
    return "\n".join(lines) + "\n"


def duration(seconds: float | None) -> str:
    """Seconds in words; empty for None."""
    if seconds is None:
        return ""
    return f"{seconds:.1f} s" if seconds < 10 else f"{seconds:.0f} s" if seconds < 120 else f"{seconds / 60:.0f} min"


def write(folder: pathlib.Path, split: str, figures: list[dict], about: dict) -> list[pathlib.Path]:
    """Writes comparison-SPLIT as .md, .csv, .json and .svg, and returns these files. about: added to the JSON."""
    folder.mkdir(parents=True, exist_ok=True)
    files = [folder / f"comparison-{split}.{kind}" for kind in ("md", "csv", "json", "svg")]
    files[0].write_text(table(figures))
    with files[1].open("w", newline="") as out:
        writer = spreadsheet.Writer(out)
        writer.writerow(figures[0])
        writer.writerows(row.values() for row in figures)
    files[2].write_text(json.dumps(about | {"split": split, "methods": figures}, indent=1) + "\n")
    draw(files[3], figures)
    return files


def draw(file: pathlib.Path, figures: list[dict]) -> None:
    """Draws the figures as bars into an SVG file."""
    import matplotlib

    matplotlib.use("Agg")
    from matplotlib import pyplot

    shown = [row for row in figures if row["method"] != "label frequencies"]
    panels = [("accuracy", "Accuracy\n(longer is better)", "{:.3f}"), ("log_loss", "Log loss\n(shorter is better)", "{:.2f}"),
              ("mean_absolute_error", "Mean absolute error\n(shorter is better)", "{:.4f}")]
    figure, axes = pyplot.subplots(1, 3, figsize=(10, 0.42 * len(shown) + 1.2), sharey=True, layout="constrained")
    for axis, (key, title, form) in zip(axes, panels):
        values = [row[key] for row in shown]
        bars = axis.barh([row["method"] for row in shown], values,
                         color=["#1f6f8b" if row is not shown[-1] else "#d1495b" for row in shown])
        axis.bar_label(bars, [form.format(value) for value in values], padding=3, fontsize=9)
        axis.set_title(title, fontsize=10)
        axis.set_xlim(0, max(values) * 1.25)
        axis.set_xticks([])
        axis.tick_params(length=0)
        axis.spines[["top", "right", "bottom"]].set_visible(False)
    axes[0].invert_yaxis()
    with matplotlib.rc_context({"svg.hashsalt": "comparison"}):  # so that equal figures give equal files
        figure.savefig(file, metadata={"Date": None})
    pyplot.close("all")
