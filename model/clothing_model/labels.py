"""What the network's outputs are called, and which of them the product is about."""
import json
import pathlib
from dataclasses import asdict, dataclass, replace

from .errors import PipelineError

GROUPS = ("core", "garment", "none")
DEFAULT_FILE = pathlib.Path(__file__).parents[1] / "labels.json"


@dataclass(frozen=True)
class Family:
    """What several labels have in common, such as tops: named where it is sure, and which of its labels is not."""

    id: str
    name: str
    phrase: str


@dataclass(frozen=True)
class Label:
    """id: folder name in the data. name: on its own. phrase: after "looks most like". group: core (the garments the
    product is about), garment (others it knows), none (no garment at all). family: what it shares with others, if anything."""

    id: str
    name: str
    phrase: str
    group: str
    family: Family | None = None

    @classmethod
    def default(cls, label: str) -> "Label":
        """For a folder that the label file does not describe."""
        name = label.replace("-", " ").replace("_", " ").strip().capitalize()
        return cls(label, name, name.lower(), "none" if label == "not-clothing" else "core")


def describe(ids: set[str], file: pathlib.Path = DEFAULT_FILE) -> list[Label]:
    """Labels for these folder names, those of the label file first and in its order, unknown ones after them. A family of
    which only one is among them is none."""
    known = {label.id: label for label in load(file)}
    chosen = [label for id, label in known.items() if id in ids]
    families = [label.family for label in chosen]
    return ([label if families.count(label.family) > 1 else replace(label, family=None) for label in chosen]
            + [Label.default(id) for id in sorted(ids - known.keys())])


def load(file: pathlib.Path) -> list[Label]:
    try:
        return parse(file.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise PipelineError(f"{file}: there is no such label file", "name another with --labels") from None
    except (ValueError, TypeError, KeyError) as error:
        raise PipelineError(f"{file}: {error}", "each entry is {id, name, phrase, group}, perhaps with a family {id, name, phrase}") from error


def parse(text: str) -> list[Label]:
    """From the JSON that the label file and the ONNX metadata share."""
    labels = []
    for entry in json.loads(text):
        default = Label.default(entry["id"])
        name = entry.get("name", default.name)
        family = entry.get("family")
        if family:
            family = Family(family["id"], family["name"], family.get("phrase") or family["name"].lower())
        label = Label(entry["id"], name, entry.get("phrase") or name.lower(), entry.get("group", default.group), family)
        if label.group not in GROUPS:
            raise ValueError(f"group {label.group!r} of {label.id} is none of {GROUPS}")
        labels.append(label)
    return labels


def dump(labels: list[Label]) -> str:
    return json.dumps([{key: value for key, value in asdict(label).items() if value} for label in labels])
