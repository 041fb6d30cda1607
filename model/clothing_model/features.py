"""What a network makes of photos, one vector each: its features averaged over places, before the head.

They cost a twentieth of a second a photo, so they are kept on disk, by the digest of the network and of each file:
photos may be added, moved and relabelled without any being asked twice.
"""
import hashlib
import os
import pathlib
import time
from collections.abc import Callable

import numpy as np
import onnx

from . import dataset, picture
from .dataset import Photo
from .errors import PipelineError
from .onnx_file import OnnxModel, open_session
from .picture import Preprocessing

DEFAULT_CACHE = pathlib.Path("model/runs/features")
SAVE_EVERY = 500  # photos, so that a stopped run has lost little
BATCH = 16

Ask = Callable[[np.ndarray], tuple[np.ndarray, np.ndarray]]  # uint8 [n, S, S, 3] -> features [n, C], logits [n, K]


def of_exported(model: OnnxModel, photos: list[Photo], cache: pathlib.Path, skip_bad: bool = False
                ) -> tuple[list[Photo], np.ndarray, np.ndarray]:
    """(photos, features float32 [n, C], logits float32 [n, K]) of an exported file; bad photos are refused or left out.

    The features are what the last convolution, which makes the class maps, reads; the graph is given one more output.
    """
    graph = onnx.load(model.file)
    head = next((node for node in graph.graph.node if "class_maps" in node.output), None)
    if head is None:
        raise PipelineError(f"{model.file}: it has no output class_maps", "export it again with this package")
    body = head.input[0]
    graph.graph.output.append(onnx.ValueInfoProto(name=body))
    session = open_session(graph.SerializeToString())

    def ask(squares):
        answers = [session.run([body, "logits"], {"image": model.preprocessing.normalise(square[None])}) for square in squares]
        return (np.concatenate([places.mean((2, 3)) for places, _ in answers]),
                np.concatenate([logits for _, logits in answers]))

    return _cached(cache, model.file.read_bytes(), model.preprocessing, photos, ask, skip_bad)


def of_backbone(backbone: str, weights: pathlib.Path | None, photos: list[Photo], cache: pathlib.Path,
                size: int = 224, skip_bad: bool = False) -> tuple[list[Photo], np.ndarray]:
    """(photos, features float32 [n, C]) of a timm network as ImageNet made it. weights as for training."""
    import torch

    from .train.network import Classifier

    preprocessing = Preprocessing(size=size)
    network = Classifier(backbone, 1, weights).eval()

    def ask(squares):
        with torch.inference_mode():
            pooled = network.body(torch.from_numpy(preprocessing.normalise(squares))).mean((2, 3)).numpy()
        return pooled, np.zeros((len(squares), 0), np.float32)

    identity = weights.read_bytes() if weights else backbone.encode()
    photos, vectors, _ = _cached(cache, identity, preprocessing, photos, ask, skip_bad)
    return photos, vectors


def _cached(folder: pathlib.Path, network: bytes, preprocessing: Preprocessing, photos: list[Photo], ask: Ask,
            skip_bad: bool) -> tuple[list[Photo], np.ndarray, np.ndarray]:
    key = hashlib.sha256(hashlib.sha256(network).digest() + repr(preprocessing).encode()).hexdigest()[:16]
    file = folder / f"{key}.npz"
    known = _load(file)
    digests = [hashlib.sha256(photo.path.read_bytes()).digest() for photo in photos]
    missing = {digest: photo for digest, photo in zip(digests, photos) if digest not in known}
    began = shown = time.time()
    bad: dict[bytes, PipelineError] = {}
    waiting: list[tuple[bytes, np.ndarray]] = []

    def answer():
        if waiting:
            vectors, logits = ask(np.stack([square for _, square in waiting]))
            known.update({digest: pair for (digest, _), *pair in zip(waiting, vectors, logits)})
            waiting.clear()

    for done, (digest, photo) in enumerate(missing.items(), 1):
        try:
            waiting.append((digest, preprocessing.square(picture.read(photo.path))))
        except PipelineError as error:
            bad[digest] = error
        if len(waiting) == BATCH or done == len(missing):
            answer()
        if done % SAVE_EVERY == 0 or done == len(missing):
            _save(file, known)
        if time.time() - shown > 30:
            shown = time.time()
            print(f"  features of {done} of {len(missing)} photos, {done / (shown - began):.1f} a second", flush=True)
    if bad:
        dataset.report_bad([bad[digest] for digest in digests if digest in bad], skip_bad)
    kept = [(photo, *known[digest]) for photo, digest in zip(photos, digests) if digest not in bad]
    if not kept:
        raise PipelineError("no photo could be read", "look at the files that were named")
    return [photo for photo, _, _ in kept], np.stack([row for _, row, _ in kept]), np.stack([row for _, _, row in kept])


def _load(file: pathlib.Path) -> dict[bytes, tuple[np.ndarray, np.ndarray]]:
    if not file.exists():
        return {}
    try:
        with np.load(file) as stored:
            digests, vectors, logits = stored["digests"], stored["vectors"], stored["logits"]
    except Exception:  # damaged: zip, NumPy and the system raise many kinds; it is only a cache
        return {}
    return {digest.tobytes(): (vector, row) for digest, vector, row in zip(digests, vectors, logits)}


def _save(file: pathlib.Path, known: dict[bytes, tuple[np.ndarray, np.ndarray]]) -> None:
    if not known:
        return
    file.parent.mkdir(parents=True, exist_ok=True)
    temporary = file.with_suffix(f".{os.getpid()}.tmp")
    with temporary.open("wb") as out:
        np.savez(out, digests=np.stack([np.frombuffer(digest, np.uint8) for digest in known]),
                 vectors=np.stack([row for row, _ in known.values()]), logits=np.stack([row for _, row in known.values()]))
    os.replace(temporary, file)


def normalised(vectors: np.ndarray) -> np.ndarray:
    """Each row scaled to length 1, so that products are cosines."""
    return vectors / np.maximum(np.linalg.norm(vectors, axis=1, keepdims=True), 1e-12)


def nearest(vectors: np.ndarray, count: int) -> tuple[np.ndarray, np.ndarray]:
    """For each row its `count` nearest others: (indices [n, count], cosine distances [n, count]), nearest first."""
    unit = normalised(vectors.astype(np.float32))
    count = min(count, len(unit) - 1)
    indices, distances = np.empty((len(unit), count), int), np.empty((len(unit), count), np.float32)
    for first in range(0, len(unit), 1024):
        part = 1 - unit[first:first + 1024] @ unit.T
        part[np.arange(len(part)), first + np.arange(len(part))] = np.inf  # not itself
        chosen = np.argpartition(part, count - 1, axis=1)[:, :count] if count else np.empty((len(part), 0), int)
        values = np.take_along_axis(part, chosen, 1)
        order = np.argsort(values, axis=1, kind="stable")
        indices[first:first + 1024] = np.take_along_axis(chosen, order, 1)
        distances[first:first + 1024] = np.take_along_axis(values, order, 1)
    return indices, distances
