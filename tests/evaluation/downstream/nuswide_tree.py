"""A small tree in the layout of NUS-WIDE, with its known kind of damage and Windows line ends."""

from __future__ import annotations

from pathlib import Path

import numpy as np

CONCEPTS = ("lake", "snow", "temple")


def write_tree(root: Path, train: int = 8, test: int = 4, *, damaged: bool = True, everything: bool = True) -> Path:
    """Write the tree, and return the table of positions: photos of lakes in the north, temples in the south."""
    chance = np.random.default_rng(0)
    count = train + test
    north = chance.random(count) < 0.5
    labels = np.stack([north, north & (chance.random(count) < 0.7), ~north], axis=1).astype(int)
    latlon = np.stack([np.where(north, 60.0, -20.0) + chance.normal(0, 2, count), 20 + chance.normal(0, 2, count)], 1)
    ids = [f"{900_000 + i}" for i in range(count)]
    names = [f"place\\{i:04d}_{photo}.jpg" for i, photo in enumerate(ids)]
    parts = {"Train": slice(0, train), "Test": slice(train, count)}

    def lines(path: str, values: list[str]) -> None:
        file = root / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes("".join(f"{value}\r\n" for value in values).encode())

    lines("ConceptsList/Concepts81.txt", list(CONCEPTS))
    lines("ImageList/Imagelist.txt", names[::-1])
    for part, rows in parts.items():
        lines(f"ImageList/{part}Imagelist.txt", names[rows])
        for column, concept in enumerate(CONCEPTS):
            own = [str(value) for value in labels[rows, column]]
            if damaged and concept == "lake" and part == "Train":
                own[2] = "-1130179"
            lines(f"Groundtruth/TrainTestLabels/Labels_{concept}_{part}.txt", own)
    if everything:
        for column, concept in enumerate(CONCEPTS):
            lines(f"Groundtruth/AllLabels/Labels_{concept}.txt", [str(value) for value in labels[::-1, column]])
    words = [f"{photo}\t{'ice cold' if up else 'palm hot'} photo" for photo, up in zip(ids, north, strict=True)]
    lines("NUS_WID_Tags/All_Tags.txt", words)
    np.savetxt(root / "bow.dat", labels @ chance.normal(size=(3, 6)) + chance.normal(0, 0.5, (count, 6)))
    rows = [f"{photo},{lat:.5f},{lon:.5f}" for photo, (lat, lon) in zip(ids, latlon, strict=True)]
    lines("geo.csv", ["photo_id,latitude,longitude", *rows[:-1]])  # the last photo has no position
    return root / "geo.csv"
