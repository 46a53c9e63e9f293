"""What looks wrong with the data of a run, told at the start with counts.

Small sets are looked through whole. Of large ones the photos to validate on are compared with photos trained on that
have exactly their places, and at most 5,000 photos of each are opened, so that a million features start in seconds.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

if TYPE_CHECKING:
    from geoclip_core.learning.data.datamodule import GeoData
    from geoclip_core.learning.data.dataset import PairSource, Rows

_MOST = 5000  # photos that are opened
_APART_DEG = 0.01  # about a kilometre: places that are further apart are not one place written in two ways


def doubts(data: GeoData) -> list[str]:
    """Sentences on what looks wrong, each with counts; nothing where all looks right.

    Args:
        data: Training and validation rows of a run.
    """
    found = [_on_nothing(data), *_many_places(data.source, data.train_rows), _on_both_sides(data)]
    return [sentence for sentence in found if sentence]


def _on_nothing(data: GeoData) -> str:
    places = np.concatenate([data.train_latlon, data.validation.latlon[data.validation_rows]])
    zero = int((places == 0).all(axis=1).sum())
    if zero > 1:
        return (
            f"{zero} of {len(places)} places are at latitude 0 and longitude 0, in the sea off Africa, which often "
            "stands for an unknown place: leave these rows out of the table"
        )
    if len(data.train_rows) > 1 and (data.train_latlon == data.train_latlon[0]).all():
        return f"All {len(data.train_rows)} places to train on are the same: nothing can be learnt from them"
    return ""


def _many_places(source: PairSource, rows: Rows) -> list[str]:
    """Photos that have several places, by what they hold or by their names."""
    kinds = [(source.names, "names")] if source.names is not None else []
    opened = source.identities(rows) if len(rows) <= _MOST else None
    keys = [(names[rows], what) for names, what in kinds] + ([] if opened is None else [(opened, "photos")])
    for key, what in keys:
        _, owner, counts = np.unique(key, return_inverse=True, return_counts=True)
        places = source.latlon[rows].astype(np.float64)
        first = np.full((len(counts), 2), np.inf)
        np.minimum.at(first, owner, places)
        last = np.full((len(counts), 2), -np.inf)
        np.maximum.at(last, owner, places)
        several = int(((last - first).max(axis=1) > _APART_DEG).sum())
        if several:
            which = "photos of one name" if what == "names" else "photos with the same content"
            return [
                f"{several} {which} have several places, {int(counts.max())} rows at most for one of them: at most one "
                "of its places can be right"
            ]
    return []


def _on_both_sides(data: GeoData) -> str:
    train, held_out = data.train_rows, data.validation_rows
    own = data.validation.digest == data.source.digest
    count = int(np.isin(held_out, train).sum()) if own else 0
    if not count and data.source.names is not None and data.validation.names is not None:
        count = int(np.isin(data.validation.names[held_out], data.source.names[train]).sum())
    if not count:
        count = _same_content(data, train, held_out)
    if not count:
        return ""
    return (
        f"{count} of {len(held_out)} photos to validate on are trained on too, so that results will look too good: "
        "hold out a share of them (data.validation 0.05), remove duplicates, or split by photographer or region"
    )


def _same_content(data: GeoData, train: Rows, held_out: Rows) -> int:
    """How many photos to validate on hold the same as a photo trained on."""
    if len(train) > _MOST:
        here = _points(data.validation.latlon[held_out])
        train = train[np.isin(_points(data.source.latlon[train]), here)][:_MOST]
    there = data.source.identities(train)
    own = data.validation.identities(held_out[:_MOST])
    if there is None or own is None:
        return 0
    return int(np.isin(own, there).sum())


def _points(latlon: npt.NDArray[np.float32]) -> npt.NDArray[np.int64]:
    """Each place as one number."""
    return np.ascontiguousarray(latlon, dtype=np.float32).view(np.int64).ravel()
