"""A network's features of photos: one vector per photo, the input of the head, averaged over the photo.

Computing them takes a twentieth of a second per photo, so they are cached on disk under the digests of the network and of
each file. Photos can be added, moved and relabelled without computing any of them twice.
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

SAVE_EVERY = 500  # photos, so that a stopped run loses little
BATCH = 16

Compute = Callable[[np.ndarray], tuple[np.ndarray, np.ndarray]]  # uint8 [n, S, S, 3] -> features [n, C], logits [n, K]


def of_exported(model: OnnxModel, photos: list[Photo], cache: pathlib.Path, skip_bad: bool = False
                ) -> tuple[list[Photo], np.ndarray, np.ndarray]:
    """(photos, features float32 [n, C], logits float32 [n, K]) of an exported file; cache and bad photos as for `cached`.

    The features are the input of the last convolution, which computes the class maps; the graph gets one more output.
    """
    graph = onnx.load(model.file)
    head = next((node for node in graph.graph.node if "class_maps" in node.output), None)
    if head is None:
        raise PipelineError(f"{model.file}: it has no output class_maps", "export it again with this package")
    body = head.input[0]
    graph.graph.output.append(onnx.ValueInfoProto(name=body))
    session = open_session(graph.SerializeToString())

    def compute(squares):
        answers = [session.run([body, "logits"], {"image": model.preprocessing.normalise(square[None])}) for square in squares]
        return (np.concatenate([places.mean((2, 3)) for places, _ in answers]),
                np.concatenate([logits for _, logits in answers]))

    return cached(cache, model.file.read_bytes(), model.preprocessing, photos, compute, skip_bad)


def cached(folder: pathlib.Path, network: bytes, preprocessing: Preprocessing, photos: list[Photo], compute: Compute,
           skip_bad: bool) -> tuple[list[Photo], np.ndarray, np.ndarray]:
    """(photos, features float32 [n, C], logits float32 [n, K]), computed only for photos that the cache does not have.

    folder: of the cache. network: what identifies it, such as the bytes of its file. skip_bad: leave out photos that cannot
    be read, instead of raising PipelineError.
    """
    key = hashlib.sha256(hashlib.sha256(network).digest() + repr(preprocessing).encode()).hexdigest()[:16]
    file = folder / f"{key}.npz"
    known = _load(file)
    digests = [hashlib.sha256(photo.path.read_bytes()).digest() for photo in photos]
    missing = {digest: photo for digest, photo in zip(digests, photos) if digest not in known}
    began = told = time.time()
    bad: dict[bytes, PipelineError] = {}
    waiting: list[tuple[bytes, np.ndarray]] = []

    def compute_batch():
        if waiting:
            vectors, logits = compute(np.stack([square for _, square in waiting]))
            known.update({digest: pair for (digest, _), *pair in zip(waiting, vectors, logits)})
            waiting.clear()

    for done, (digest, photo) in enumerate(missing.items(), 1):
        try:
            waiting.append((digest, preprocessing.square(picture.read(photo.path))))
        except PipelineError as error:
            bad[digest] = error
        if len(waiting) == BATCH or done == len(missing):
            compute_batch()
        if done % SAVE_EVERY == 0 or done == len(missing):
            _save(file, known)
        if time.time() - told > 30:
            told = time.time()
            print(f"  features of {done} of {len(missing)} photos, {done / (told - began):.1f} per second", flush=True)
    if bad:
        dataset.report_bad([bad[digest] for digest in digests if digest in bad], skip_bad)
    kept = [(photo, *known[digest]) for photo, digest in zip(photos, digests) if digest not in bad]
    if not kept:
        raise PipelineError("no photo could be read", "look at the files named above")
    return [photo for photo, _, _ in kept], np.stack([row for _, row, _ in kept]), np.stack([row for _, _, row in kept])


def _load(file: pathlib.Path) -> dict[bytes, tuple[np.ndarray, np.ndarray]]:
    if not file.exists():
        return {}
    try:
        with np.load(file) as stored:
            digests, vectors, logits = stored["digests"], stored["vectors"], stored["logits"]
    except Exception:  # zip, NumPy and the system raise many kinds for a damaged file; it is only a cache
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
    """Each row scaled to length 1, so that dot products are cosines. float [n, C] -> float [n, C]."""
    return vectors / np.maximum(np.linalg.norm(vectors, axis=1, keepdims=True), 1e-12)


def nearest(vectors: np.ndarray, count: int) -> tuple[np.ndarray, np.ndarray]:
    """The `count` nearest neighbours of each row: (indices [n, count], cosine distances [n, count]), nearest first."""
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
