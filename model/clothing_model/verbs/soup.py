"""Averages the weights of runs."""
import json
import pathlib

from ..errors import PipelineError


def add_to(verbs) -> None:
    verb = verbs.add_parser("soup", help="average the weights of runs", description="Averages the weights of runs that began "
                            "from one another, for instance of a run and the run before it.")
    verb.set_defaults(call=run)
    verb.add_argument("of", nargs="+", type=pathlib.Path, metavar="RUN",
                      help="folders of finished runs; exported files too, beside at least one folder")
    verb.add_argument("--shares", nargs="+", type=float, help="weight of each run in the average; default: equal weights")
    verb.add_argument("--run", type=pathlib.Path, required=True, help="folder of the new run, which can be exported")


def run(arguments) -> None:
    from ..train.run import EXPORTED, Run
    from ..train.soup import soup

    folders = [path for path in arguments.of if path.suffix != EXPORTED]
    if not folders:
        raise PipelineError("only exported files were given", "name the folder of at least one run, too")
    settings = Run.load(folders[0]).settings
    runs = [Run.open(path, settings) for path in arguments.of]
    print(json.dumps(soup(runs, arguments.shares or [1.0] * len(runs), arguments.run).state["soup"]))
