"""Trains the later stages of a backbone and keeps them close to its ImageNet weights, for photos from new people and shops."""
import pathlib

from .. import BACKBONE, labels as labelling
from .options import DEFAULT_DATA, DEFAULT_RUN, add_cache, add_skip_bad, positive


def add_to(verbs) -> None:
    verb = verbs.add_parser("refine", help="train only the later stages, fast and close to the backbone", description="Trains "
                            "the later stages of a backbone on cached views, close to its ImageNet weights, taught by regressions "
                            "that have not seen a photo's source: for photos from other people and shops than those trained on.")
    verb.set_defaults(call=run)
    verb.add_argument("--data", type=pathlib.Path, nargs="+", help=f"one or more folders ({DEFAULT_DATA[0]})")
    verb.add_argument("--run", type=pathlib.Path, default=DEFAULT_RUN, help="folder for checkpoint and views (%(default)s)")
    verb.add_argument("--backbone", default=BACKBONE, help="one of timm's EfficientNet family (%(default)s)")
    verb.add_argument("--weights", help="file with the backbone's ImageNet weights; default: downloaded from timm's hub")
    verb.add_argument("--teachers", nargs="+", default=[], metavar="BACKBONE=FILE",
                      help="further networks and their weights; regressions on their features teach too")
    verb.add_argument("--labels", default=str(labelling.DEFAULT_FILE), help="JSON file with names and groups (labels.json)")
    add_cache(verb)
    verb.add_argument("--input-size", type=int, default=224, help="input side in the exported file (%(default)s)")
    verb.add_argument("--folds", type=positive,
                      help="networks to train, each without one part of the sources; their mean is kept (3)")
    verb.add_argument("--rounds", type=int, help="rounds of views; each round has one view of every photo (12)")
    verb.add_argument("--views", type=int, help="views drawn for each network (120000)")
    verb.add_argument("--side", type=int, help="side of a view in pixels (192)")
    verb.add_argument("--rate", type=float, help="highest learning rate (4e-4)")
    verb.add_argument("--pull", type=float, help="strength of the pull towards the initial weights, times the learning rate (1)")
    verb.add_argument("--taught", type=float, help="share of a target that comes from the regressions (0.5)")
    verb.add_argument("--mix", type=float, help="share of the trained weights in the result; the rest are the initial weights (1)")
    verb.add_argument("--seed", type=int, help="seed of all random choices (1)")
    add_skip_bad(verb)


def run(arguments) -> None:
    from ..clean import corrections
    from ..train import refining
    from ..train.settings import Settings

    plan = refining.Plan(**{key: value for key, value in vars(arguments).items()
                            if key in refining.Plan.__dataclass_fields__ and value is not None})
    settings = Settings(data=tuple(map(str, arguments.data or DEFAULT_DATA)), backbone=arguments.backbone,
                        weights=arguments.weights, labels=arguments.labels, input_size=arguments.input_size,
                        skip_bad=arguments.skip_bad)
    photos = corrections.scan(settings.roots)
    teachers = {name: pathlib.Path(file) for name, file in (pair.split("=", 1) for pair in arguments.teachers)}
    result = refining.refine(settings, plan, arguments.run, photos, teachers, arguments.cache)
    print(f"trained: {result.checkpoint}")
