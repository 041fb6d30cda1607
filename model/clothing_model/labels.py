"""The labels of a network's outputs: their names, their groups and their families."""
import json
import pathlib
from dataclasses import asdict, dataclass, replace

from .errors import PipelineError

GROUPS = ("core", "garment", "none")
DEFAULT_FILE = pathlib.Path(__file__).parents[1] / "labels.json"


@dataclass(frozen=True)
class Family:
    """What several labels have in common, such as tops. It is named where the family is sure but none of its labels is."""

    id: str
    name: str
    phrase: str


@dataclass(frozen=True)
class Label:
    """id: name of the folder of photos. name: as a heading. phrase: as used after "looks most like". group: "core" (the
    garments that the product is about), "garment" (other garments), or "none" (no garment at all). family: or None."""

    id: str
    name: str
    phrase: str
    group: str
    family: Family | None = None

    @classmethod
    def default(cls, label: str) -> "Label":
        """The label of a folder that the label file does not describe."""
        name = label.replace("-", " ").replace("_", " ").strip().capitalize()
        return cls(label, name, name.lower(), "none" if label == "not-clothing" else "core")


def describe(ids: set[str], file: pathlib.Path = DEFAULT_FILE) -> list[Label]:
    """The labels of these folder names: those in the label file first, in its order, then others by name. A family with only
    one label among them is left out. Raises PipelineError if the file is missing or invalid."""
    known = {label.id: label for label in load(file)}
    chosen = [label for id, label in known.items() if id in ids]
    families = [label.family for label in chosen]
    return ([label if families.count(label.family) > 1 else replace(label, family=None) for label in chosen]
            + [Label.default(id) for id in sorted(ids - known.keys())])


def load(file: pathlib.Path) -> list[Label]:
    """The labels of a label file. Raises PipelineError if it is missing or invalid."""
    try:
        return parse(file.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise PipelineError(f"{file}: there is no such label file", "name one with --labels") from None
    except (ValueError, TypeError, KeyError) as error:
        raise PipelineError(f"{file}: {error}",
                            "each entry is {id, name, phrase, group}, optionally with a family {id, name, phrase}") from error


def parse(text: str) -> list[Label]:
    """Labels from JSON, as in the label file and in the ONNX metadata. Raises ValueError, TypeError or KeyError."""
    labels = []
    for entry in json.loads(text):
        default = Label.default(entry["id"])
        name = entry.get("name", default.name)
        family = entry.get("family")
        if family:
            family = Family(family["id"], family["name"], family.get("phrase") or family["name"].lower())
        label = Label(entry["id"], name, entry.get("phrase") or name.lower(), entry.get("group", default.group), family)
        if label.group not in GROUPS:
            raise ValueError(f"group {label.group!r} of {label.id} is not one of {GROUPS}")
        labels.append(label)
    return labels


def dump(labels: list[Label]) -> str:
    """The JSON that `parse` reads."""
    return json.dumps([{key: value for key, value in asdict(label).items() if value} for label in labels])
