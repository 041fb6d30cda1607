"""The command line: python -m clothing_model VERB --help."""
import argparse
import sys

from .errors import PipelineError
from .verbs import apply, calibrate, collect, compare, evaluate, explore, export, losses, predict, refine, soup, train

VERBS = (collect, explore, losses, apply, train, refine, soup, calibrate, export, evaluate, compare, predict)


def parser() -> argparse.ArgumentParser:
    """The parser of all verbs. Each sets `call` to the function that runs it."""
    top = argparse.ArgumentParser(prog="clothing_model", description=__doc__)
    verbs = top.add_subparsers(required=True, metavar="VERB")
    for verb in VERBS:
        verb.add_to(verbs)
    return top


def main(argv: list[str] | None = None) -> None:
    """Runs one verb. Its errors end the process with exit status 1 and a message."""
    arguments = parser().parse_args(argv)
    try:
        arguments.call(arguments)
    except PipelineError as error:
        sys.exit(f"error: {error}")
    except ModuleNotFoundError as error:
        extra = getattr(arguments, "extra", "train")
        sys.exit(f"error: {error}\n  -> install what this verb needs: pip install -e 'model[{extra}]'")
    except KeyboardInterrupt:
        sys.exit("stopped; finished work is kept")
