"""Near-duplicates: the same photo saved again, shrunk, brightened or in another format."""
import numpy as np
from PIL import Image

SIDE, FREQUENCIES = 64, 16  # side of the thumbnail in pixels; DCT coefficients used in each direction
BITS = FREQUENCIES * FREQUENCIES
# The most bits by which the fingerprints of near-duplicates differ. On 2,600 of the product's photos, a copy of two thirds the
# side at JPEG quality 50 differs in 12 bits or fewer for 99 %; the nearest other photo differs in 18 or more for 99.9 %.
NEAR = 14

_COSINES = np.cos(np.pi / SIDE * np.outer(np.arange(FREQUENCIES), np.arange(SIDE) + 0.5))  # the first rows of a DCT-II


def fingerprint(pixels: np.ndarray) -> np.ndarray:
    """A perceptual hash of 256 bits (pHash): uint8 [h, w, 3] -> uint64 [4].

    Each bit says whether one of the lowest frequencies of a grey thumbnail is above their median.
    """
    grey = np.asarray(Image.fromarray(pixels).convert("L").resize((SIDE, SIDE), Image.LANCZOS), np.float64)
    low = (_COSINES @ grey @ _COSINES.T).ravel()
    low[0] = 0  # the mean brightness, which says nothing about the content
    return np.packbits(low > np.median(low)).view(np.uint64)


def to_hex(value: np.ndarray) -> str:
    """A fingerprint, uint64 [4], as 64 hexadecimal digits."""
    return value.tobytes().hex()


def from_hex(text: str) -> np.ndarray:
    """The inverse of `to_hex`. Raises ValueError."""
    return np.frombuffer(bytes.fromhex(text), np.uint64)


def distances(value: np.ndarray, others: np.ndarray) -> np.ndarray:
    """Hamming distances: uint64 [4], uint64 [n, 4] -> int [n], the number of bits that differ."""
    return np.bitwise_count(others ^ value).sum(-1, dtype=int)


def pairs(values: np.ndarray, near: int = NEAR) -> list[tuple[int, int, int]]:
    """All pairs i < j that differ in at most `near` bits, as (i, j, bits that differ), nearest first. values: uint64 [n, 4]."""
    found = []
    for i in range(len(values) - 1):
        apart = distances(values[i], values[i + 1:])
        found += [(i, i + 1 + int(j), int(apart[j])) for j in np.flatnonzero(apart <= near)]
    return sorted(found, key=lambda pair: pair[2])


def groups(found: list[tuple[int, int, int]]) -> list[list[int]]:
    """The connected components of pairs (i, j, _), as lists of indices; each sorted, the largest component first."""
    root: dict[int, int] = {}

    def top(i):
        while root.setdefault(i, i) != i:
            i = root[i]
        return i

    for i, j, _ in found:
        a, b = sorted((top(i), top(j)))
        root[b] = a
    members: dict[int, list[int]] = {}
    for i in sorted(root):
        members.setdefault(top(i), []).append(i)
    return sorted(members.values(), key=lambda group: (-len(group), group[0]))
