"""Pictures that are one picture: the same photo saved again, shrunk, relit, in another format."""
import numpy as np
from PIL import Image

SIDE, KEPT = 64, 16  # pixels of the thumbnail; coefficients of its transform in each direction
BITS = KEPT * KEPT
# Bits that two copies of one photo may differ in. On 2,600 of the product's photos: a copy of two thirds the side and JPEG
# quality 50 differs in 12 bits or fewer for 99 %, the nearest other photo in 18 or more for 99.9 %.
NEAR = 14

_COSINES = np.cos(np.pi / SIDE * np.outer(np.arange(KEPT), np.arange(SIDE) + 0.5))  # the lowest rows of a DCT-II


def fingerprint(pixels: np.ndarray) -> np.ndarray:
    """uint8 [h, w, 3] -> uint64 [4]: a perceptual hash of 256 bits.

    Each bit says whether one of the lowest frequencies of the grey thumbnail is above their median (pHash).
    """
    grey = np.asarray(Image.fromarray(pixels).convert("L").resize((SIDE, SIDE), Image.LANCZOS), np.float64)
    low = (_COSINES @ grey @ _COSINES.T).ravel()
    low[0] = 0  # the mean brightness says nothing of what is there
    return np.packbits(low > np.median(low)).view(np.uint64)


def to_hex(value: np.ndarray) -> str:
    return value.tobytes().hex()


def from_hex(text: str) -> np.ndarray:
    return np.frombuffer(bytes.fromhex(text), np.uint64)


def distances(value: np.ndarray, others: np.ndarray) -> np.ndarray:
    """uint64 [4], uint64 [n, 4] -> int [n]: bits that differ."""
    return np.bitwise_count(others ^ value).sum(-1, dtype=int)


def pairs(values: np.ndarray, near: int = NEAR) -> list[tuple[int, int, int]]:
    """uint64 [n, 4] -> (i, j, bits that differ) of all pairs i < j that are near, nearest first."""
    found = []
    for i in range(len(values) - 1):
        apart = distances(values[i], values[i + 1:])
        found += [(i, i + 1 + int(j), int(apart[j])) for j in np.flatnonzero(apart <= near)]
    return sorted(found, key=lambda pair: pair[2])


def groups(found: list[tuple[int, int, int]]) -> list[list[int]]:
    """Indices that pairs link, directly or through others; each group sorted, the largest first."""
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
