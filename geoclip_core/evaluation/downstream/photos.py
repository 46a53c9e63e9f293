"""Photos with places, labels and tags: what all ways of tagging from a position are measured on."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy import sparse

from geoclip_core.earth.coordinates import check_latlon
from geoclip_core.errors import DataError

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True)
class TaggedPhotos:
    """A multi-label task.

    Attributes:
        name: Of the task.
        latlon: (n, 2) degrees.
        labels: (n, c) bool, what is to be predicted.
        label_names: c names.
        tags: (n, v) sparse matrix of 0 and 1: the words of each photo. Methods may read the rows of ``train`` only.
        train: Rows to learn from.
        test: Rows to test on.
        groups: (n,) photos of one group are taken to be copies of each other, so none is another's neighbour.
        visual: (n, w) float32 features of the pixels, or None.
        notes: What a reader of the scores has to know, such as words that stand in for others.
    """

    name: str
    latlon: Floats
    labels: npt.NDArray[np.bool_]
    label_names: tuple[str, ...]
    tags: sparse.csr_matrix
    train: npt.NDArray[np.int64]
    test: npt.NDArray[np.int64]
    groups: npt.NDArray[np.int64]
    visual: npt.NDArray[np.float32] | None = None
    notes: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        """Check that the parts fit together.

        Raises:
            DataError: They do not, or a photo is on both sides of the split.
        """
        check_latlon(self.latlon, name="latlon")
        n = len(self.latlon)
        rows = {"labels": len(self.labels), "tags": self.tags.shape[0], "groups": len(self.groups)}
        rows |= {} if self.visual is None else {"visual": len(self.visual)}
        if wrong := [f"{count} rows of {name}" for name, count in rows.items() if count != n]:
            raise DataError(f"There are {n} places and {', '.join(wrong)}", allowed="one row for each photo")
        if np.intersect1d(self.train, self.test).size or not len(self.train) or not len(self.test):
            raise DataError("Training and test photos must be two sets without a common photo, neither of them empty")
        if self.visual is not None and not np.isfinite(self.visual).all():
            raise DataError("A visual feature is not a finite number", hint="make the features again")


def tag_matrix(
    words: list[list[str]], train: npt.NDArray[np.int64], most: int = 1000, least: int = 2
) -> sparse.csr_matrix:
    """Tags of photos as a matrix over the most frequent tags of the training photos.

    Args:
        words: Tags of each of n photos.
        train: Rows whose tags are counted.
        most: Largest vocabulary (Tang et al. 2015 and NUS-WIDE's own list: 1,000).
        least: Photos that a tag must have.

    Returns:
        (n, v) float32 of 0 and 1.
    """
    counts: dict[str, int] = {}
    for row in train:
        for word in set(words[row]):
            counts[word] = counts.get(word, 0) + 1
    kept = sorted((word for word, count in counts.items() if count >= least), key=lambda word: (-counts[word], word))
    column = {word: i for i, word in enumerate(kept[:most])}
    pairs = [(row, column[word]) for row, own in enumerate(words) for word in sorted(set(own)) if word in column]
    rows, columns = np.array(pairs, dtype=np.int64).reshape(-1, 2).T
    ones = np.ones(len(rows), dtype=np.float32)
    return sparse.csr_matrix((ones, (rows, columns)), shape=(len(words), max(1, len(column))))
