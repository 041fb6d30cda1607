"""Trains a network on folders of photos."""
import pathlib
from dataclasses import replace

from .. import BACKBONE
from ..errors import PipelineError
from .options import DEFAULT_DATA, DEFAULT_RUN, add_largest, add_skip_bad, bytes_of, sizes


def add_to(verbs) -> None:
    verb = verbs.add_parser("train", help="train a network on folders of photos", description="Transfer learning: a "
                            "learning-rate finder, then the head alone, then the body too. Each epoch ends with a checkpoint.")
    verb.set_defaults(call=run)
    verb.add_argument("--data", type=pathlib.Path, nargs="+", help="one or more folders: root/<train|val>/<label>/* or "
                      f"root/<label>/* ({DEFAULT_DATA[0]})")
    verb.add_argument("--run", type=pathlib.Path, default=DEFAULT_RUN,
                      help="folder for checkpoint, history and plots (%(default)s)")
    verb.add_argument("--resume", action="store_true", help="continue the run with its own settings, except those given again")
    verb.add_argument("--backbone", help=f"any convolutional network of timm ({BACKBONE})")
    verb.add_argument("--weights", help="file with the backbone's ImageNet weights; default: downloaded from timm's hub")
    verb.add_argument("--begin", help="start from this instead of ImageNet weights: the folder of a finished run, or an exported "
                      "file (clothing.onnx); if its labels differ, its body gets a new head")
    verb.add_argument("--teachers", nargs="+", help="folders of finished runs, or exported files; their mean answer "
                      "makes up half of each target")
    verb.add_argument("--labels", help="JSON file with names, phrases and groups of the labels (labels.json)")
    verb.add_argument("--sizes", type=sizes, help="input side in each epoch of the body, such as 160*2,192*6,224")
    verb.add_argument("--head-sizes", type=sizes, help="input side in each epoch of the head")
    verb.add_argument("--input-size", type=int, help="input side for validation and in the exported file (224)")
    verb.add_argument("--batch", type=int, help="photos per step (48)")
    verb.add_argument("--lr", type=float, help="highest learning rate of the body; default: the finder's")
    verb.add_argument("--head-lr", type=float, help="highest learning rate of the head; default: the finder's")
    verb.add_argument("--keep-early", action="store_true", default=None,
                      help="freeze the stem and the first two stages: twice as fast on CPUs")
    verb.add_argument("--core-weight", type=float,
                      help="how often photos of core labels are drawn, relative to others (1)")
    verb.add_argument("--augment", type=float, help="scales the probability of every augmentation (1)")
    verb.add_argument("--smoothing", type=float, help="label smoothing (0.05)")
    verb.add_argument("--seed", type=int, help="seed of all random choices (1)")
    verb.add_argument("--steps", type=int, help="steps per epoch; default: one pass over the photos")
    verb.add_argument("--workers", type=int, help="processes that prepare photos (1)")
    verb.add_argument("--threads", type=int, help="threads that PyTorch computes with")
    verb.add_argument("--precision", choices=("float32", "bfloat16"),
                      help="of the convolutions (float32); bfloat16 is half again as fast on CPUs that support it")
    verb.add_argument("--device", help="cpu or cuda; default: cuda where available")
    add_skip_bad(verb, default=None)
    add_largest(verb)


def run(arguments) -> None:
    import torch

    from .. import dataset
    from ..clean import corrections
    from ..export import exporting
    from ..train import training
    from ..train.run import Run, start
    from ..train.settings import Settings

    if arguments.threads:
        torch.set_num_threads(arguments.threads)
    given = {key: _storable(value) for key, value in vars(arguments).items()
             if key in Settings.__dataclass_fields__ and value is not None}
    if arguments.resume:
        run = Run.load(arguments.run)
        run.settings = replace(run.settings, **given)
    else:
        settings = Settings(**{"data": _storable(DEFAULT_DATA)} | given)
        run = start(settings, arguments.run, corrections.scan(settings.roots))
    photos = corrections.scan(run.settings.roots)
    if run.state and dataset.digest(photos) != run.digest:
        raise PipelineError(f"{dataset.named(run.settings.roots)}: these are not the photos that this training began with",
                            "restore them, or begin a new run")
    exporting.check_exportable(run, bytes_of(arguments.largest))
    training.train(run, photos)


def _storable(value):
    """The value of an option as the settings store it: paths as text."""
    if isinstance(value, list):
        return [_storable(item) for item in value]
    return str(value) if isinstance(value, pathlib.Path) else value
