"""Carries out a CSV of decisions: keep, relabel, delete."""
import pathlib

from ..errors import PipelineError


def add_to(verbs) -> None:
    verb = verbs.add_parser(
        "apply", help="carry out a CSV of decisions: keep, relabel, delete", description="Moves photos as a CSV says, whose "
        "columns are file, label, action (keep, relabel, delete) and new_label; any spreadsheet can save it. Deleted photos go "
        "to DATA/.bin. Without --yes it only says what it would do. All rows are checked first: if one is wrong, nothing is done.")
    verb.set_defaults(call=run)
    verb.add_argument("decisions", nargs="?", type=pathlib.Path, metavar="CSV", help="the decisions, as the page saves them")
    verb.add_argument("--data", type=pathlib.Path, required=True, help="root/<train|val|test>/<label>/* or root/<label>/*")
    verb.add_argument("--yes", action="store_true", help="do it, instead of only saying what would be done")
    verb.add_argument("--undo", action="store_true", help="undo what was applied last; repeat for what was applied before that")


def run(arguments) -> None:
    from ..clean import decisions

    if arguments.undo == bool(arguments.decisions):
        raise PipelineError("give either a CSV of decisions or --undo", "see apply --help")
    if arguments.undo:
        journal, moves = decisions.last(arguments.data)
        print(f"undoing {journal}:")
    else:
        moves = decisions.plan(arguments.data, arguments.decisions)
    print(decisions.describe(moves) if moves or not arguments.undo else "nothing to undo: none of its moves was made")
    if not arguments.yes:
        print("nothing was changed yet; add --yes to do it")
    elif arguments.undo:
        decisions.undo(arguments.data, journal, moves)
        print("done")
    elif moves:
        print(f"done; to undo it, use --undo ({decisions.carry_out(arguments.data, moves)} lists the moves)")
