r"""Geo-tagged NUS-WIDE (Chua et al., CIVR 2009) from a user's own copy; nothing is downloaded.

What is read, below the folder that the user names (upper and lower case as in the original archives)::

    ConceptsList/Concepts81.txt                                names of the concepts, in order
    ImageList/TrainImagelist.txt, TestImagelist.txt            folder\NNNN_photoid.jpg
    Groundtruth/TrainTestLabels/Labels_<concept>_Train.txt     0 or 1 per line, as many as in the list
    Groundtruth/AllLabels/Labels_<concept>.txt                 the same for all photos, with ImageList/Imagelist.txt
    NUS_WID_Tags/All_Tags.txt                                  photo id, then its tags

Positions come in a table of their own (photo_id, latitude, longitude), as the original name of that file is not known.
The geo-tagged part is the official split restricted to photos with a position (GPS2Vec: 41,173 and 27,401 photos).
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import numpy.typing as npt

from geoclip_core.earth.points import read_rows
from geoclip_core.errors import DataError
from geoclip_core.evaluation.downstream.photos import TaggedPhotos, tag_matrix
from geoclip_core.evaluation.downstream.splits import spots

Labels = npt.NDArray[np.bool_]

_ID_NAMES = ("photo_id", "photoid", "id", "image")


def read_nuswide(root: Path, positions: Path, visual: Path | None = None) -> TaggedPhotos:
    """The geo-tagged part of NUS-WIDE.

    Args:
        root: Folder of the user's copy, see the top of this file.
        positions: CSV file with columns photo_id, latitude, longitude.
        visual: ``.npy`` array or table of numbers, one row for each photo of TrainImagelist.txt and then of
            TestImagelist.txt; such as the 500 numbers of the bag of visual words, or features of another network.

    Returns:
        Photos with a position. Where a training label file is damaged (``Labels_lake_Train.txt`` has a known wrong
        line 78,372), the labels of all photos are read instead and a note says so.

    Raises:
        DataError: A file is missing, of another length, or holds something else than 0 and 1 without a replacement.
    """
    names = tuple(_lines(root / "ConceptsList" / "Concepts81.txt"))
    lists = [_photo_ids(root / "ImageList" / f"{part}Imagelist.txt") for part in ("Train", "Test")]
    ids = np.array([*lists[0], *lists[1]])
    notes: list[str] = []
    columns = []
    for name in names:
        halves = []
        for part, own in zip(("Train", "Test"), lists, strict=True):
            path = root / "Groundtruth" / "TrainTestLabels" / f"Labels_{name}_{part}.txt"
            try:
                halves.append(_labels(path, len(own)))
            except DataError as error:
                halves.append(_labels_of_all(root, name, own, error))
                notes.append(f"{error.problem}; the labels of all photos are used for it")
        columns.append(np.concatenate(halves))
    place_of = _positions(positions)
    known = np.array([photo in place_of for photo in ids], dtype=bool)
    in_train = np.arange(len(ids)) < len(lists[0])
    copies = len(ids) - len(np.unique(ids))
    if copies:
        notes.append(f"{copies} photos are listed more than once")
    if not (known & in_train).any() or not (known & ~in_train).any():
        raise DataError(
            f"{positions} has positions for {known.sum()} of {len(ids)} photos, and one side of the split has none",
            hint="look at the column photo_id: it holds Flickr's numbers",
        )
    notes.append(f"{known.sum()} of {len(ids)} photos have a position")
    latlon = np.array([place_of[photo] for photo in ids[known]])
    train, test = (np.flatnonzero(half[known]) for half in (in_train, ~in_train))
    labels = np.stack(columns, axis=1)[known]
    tags, instead = _tags(root, ids[known])
    words = tags or [[names[c] for c in np.flatnonzero(row)] for row in labels]
    groups = np.unique(ids[known], return_inverse=True)[1]
    groups = np.where(np.bincount(groups)[groups] > 1, groups, len(groups) + spots(latlon))
    features = None if visual is None else _visual(visual, len(ids))[known]
    return TaggedPhotos(
        "NUS-WIDE", latlon, labels, names, tag_matrix(words, train), train, test, groups, features, (*notes, *instead)
    )


def _lines(path: Path) -> list[str]:
    try:
        return [
            line.strip() for line in path.read_text(encoding="utf-8", errors="replace").splitlines() if line.strip()
        ]
    except OSError as error:
        raise DataError(
            f"{path} cannot be read ({error.strerror or error})",
            hint="name the folder that holds Groundtruth and ImageList",
        ) from error


def _photo_ids(path: Path) -> list[str]:
    """Flickr's number of each photo of a list: what is after the last underscore, without the suffix."""
    return [line.replace("\\", "/").rpartition("/")[2].rpartition("_")[2].partition(".")[0] for line in _lines(path)]


def _labels(path: Path, count: int) -> Labels:
    lines = _lines(path)
    for number, line in enumerate(lines, start=1):
        if line not in ("0", "1"):
            raise DataError(f"{path.name}, line {number} holds {line[:20]!r}", allowed="0 or 1")
    if len(lines) != count:
        raise DataError(f"{path.name} has {len(lines)} lines for {count} photos")
    return np.asarray(np.array(lines) == "1")


def _labels_of_all(root: Path, name: str, ids: list[str], damage: DataError) -> Labels:
    """Labels of some photos from the file of all photos, where their own file is damaged."""
    everybody = root / "ImageList" / "Imagelist.txt"
    path = root / "Groundtruth" / "AllLabels" / f"Labels_{name}.txt"
    if not everybody.is_file() or not path.is_file():
        raise DataError(
            damage.problem, allowed="0 or 1 per line", hint=f"put {path.name} of AllLabels and Imagelist.txt beside it"
        ) from damage
    all_ids = _photo_ids(everybody)
    label_of = dict(zip(all_ids, _labels(path, len(all_ids)), strict=True))
    missing = [photo for photo in ids if photo not in label_of]
    if missing:
        raise DataError(f"{everybody} does not list photo {missing[0]} and {len(missing) - 1} more") from damage
    return np.array([label_of[photo] for photo in ids])


def _positions(path: Path) -> dict[str, tuple[float, float]]:
    rows, latlon = read_rows(path)
    column = next((name for name in rows[0] if name and name.strip().lower() in _ID_NAMES), None)
    if column is None:
        raise DataError(f"{path} has no column photo_id; its columns are {', '.join(map(str, rows[0]))}")
    ids = (str(row[column]).strip().rpartition("_")[2].partition(".")[0] for row in rows)
    return {photo: (float(lat), float(lon)) for photo, (lat, lon) in zip(ids, latlon, strict=True)}


def _tags(root: Path, ids: npt.NDArray[np.str_]) -> tuple[list[list[str]], tuple[str, ...]]:
    """Tags of photos, and a note where there are none to be had."""
    path = root / "NUS_WID_Tags" / "All_Tags.txt"
    if not path.is_file():
        return [], (f"{path.name} is missing: the labels of training photos stand in for tags",)
    found = {words[0]: words[1:] for words in (line.split() for line in _lines(path))}
    return [found.get(photo, []) for photo in ids], ()


def _visual(path: Path, count: int) -> npt.NDArray[np.float32]:
    try:
        read = np.load(path, allow_pickle=False) if path.suffix == ".npy" else np.loadtxt(path, ndmin=2)
    except (OSError, ValueError) as error:
        raise DataError(f"{path} cannot be read as a table of numbers ({error})") from error
    if read.ndim != 2 or len(read) != count:
        raise DataError(
            f"{path} has shape {read.shape}", allowed=f"{count} rows: the training list, then the test list"
        )
    return np.asarray(read, dtype=np.float32)
