"""A compact index from names to places: exact by hash, similar by shared trigrams.

A million names are kept as one block of UTF-8 and a few integer arrays, so that the index can be memory-mapped
and costs a process only the pages it touches.
"""

from __future__ import annotations

import hashlib
from array import array
from collections.abc import Iterable
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np
import numpy.typing as npt
from rapidfuzz import fuzz, process

from geoclip_core.files import Arrays
from geoclip_core.places import settings
from geoclip_core.places.names import normalise
from geoclip_core.places.words import kind_words

MAIN = 1  # the name the place goes by
CODE = 2  # an abbreviation in capitals: NYC, MA, UK
DEMONYM = 4  # an adjective of a country


@dataclass(frozen=True)
class Posting:
    """One place that goes by a name.

    Args:
        place: Row of the gazetteer.
        flags: Sum of MAIN, CODE and DEMONYM.
    """

    place: int
    flags: int


def _hash(key: str) -> int:
    return int.from_bytes(hashlib.blake2b(key.encode(), digest_size=8).digest(), "little")


def build_index(names: Iterable[tuple[str, int, int]], fuzzy_places: npt.NDArray[np.bool_]) -> Arrays:
    """Arrays for :class:`NameIndex`.

    Args:
        names: (name, place row, flags), in any order; names that normalise to nothing are left out.
        fuzzy_places: Whether a place may be found by a similar name, one bool per place row.
    """
    number: dict[str, int] = {}
    known: dict[str, int] = {}  # many places bear the same name, and a place its own one twice
    rows, places, flags = array("q"), array("i"), array("B")
    for name, place, flag in names:
        row = known.get(name)
        if row is None:
            key = normalise(name)
            row = known[name] = number.setdefault(key, len(number)) if key else -1
        if row >= 0:
            rows.append(row)
            places.append(place)
            flags.append(flag)
    listed = list(number)
    hashes = np.fromiter(map(_hash, listed), np.uint64, len(listed))
    order = np.argsort(hashes, kind="stable")
    place_of = np.empty(len(order), np.int64)
    place_of[order] = np.arange(len(order))
    of_key, bearer, flag_of = _merged(place_of[np.asarray(rows)], np.asarray(places), np.asarray(flags))
    keys = [listed[i] for i in order.tolist()]
    encoded = [key.encode() for key in keys]
    named = fuzzy_places[bearer] & np.isin(flag_of, (0, MAIN))  # not by an abbreviation or a demonym
    long = np.fromiter(map(len, keys), np.int64, len(keys)) >= settings.SHORTEST_FUZZY
    pool = np.flatnonzero(long & (np.bincount(of_key, named, len(keys)) > 0)).astype(np.int32)
    starts, members, counts = _trigram_lists([keys[i] for i in pool])
    return {
        "hashes": hashes[order],
        "blob": np.frombuffer(b"".join(encoded), np.uint8),
        "blob_starts": np.cumsum([0, *map(len, encoded)], dtype=np.uint32),
        "posting_starts": np.append(0, np.cumsum(np.bincount(of_key, minlength=len(keys)))).astype(np.uint32),
        "posting_places": bearer,
        "posting_flags": flag_of,
        "pool": pool,
        "pool_trigrams": counts,
        "trigram_starts": starts,
        "trigram_members": members,
    }


def _merged(
    rows: npt.NDArray[np.int64], places: npt.NDArray[np.int32], flags: npt.NDArray[np.uint8]
) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int32], npt.NDArray[np.uint8]]:
    """Each pair of a name and a place once, by name and then as they came, with the stronger reading of its flags."""
    order = np.lexsort((places, rows))  # stable: of equal pairs the first comes first
    new = np.append(True, (np.diff(rows[order]) != 0) | (np.diff(places[order]) != 0))
    starts = np.flatnonzero(new)
    sure, any_of = (of.reduceat(flags[order], starts) for of in (np.bitwise_and, np.bitwise_or))
    merged = ((sure & ~np.uint8(MAIN)) | (any_of & np.uint8(MAIN))).astype(np.uint8)
    first = order[starts]
    by_name = np.lexsort((first, rows[first]))
    return rows[first][by_name], places[first][by_name].astype(np.int32), merged[by_name]


def _trigrams(key: str) -> npt.NDArray[np.int64]:
    """Distinct trigram buckets of a key with a space at either end."""
    points = np.frombuffer(f" {key} ".encode("utf-32-le"), np.uint32).astype(np.uint64)
    return np.unique(_mix(points[:-2], points[1:-1], points[2:])).astype(np.int64)


def _mix(a: Any, b: Any, c: Any) -> npt.NDArray[np.uint64]:
    mixed = (a * np.uint64(0x9E3779B1) + b) * np.uint64(0x85EBCA77) + c  # multipliers of xxHash
    return np.asarray((mixed * np.uint64(0xC2B2AE3D27D4EB4F)) >> np.uint64(64 - settings.BUCKET_BITS))


def _trigram_lists(keys: list[str]) -> tuple[npt.NDArray[Any], npt.NDArray[Any], npt.NDArray[Any]]:
    """For every trigram bucket the pool members that hold it, as (starts, members), and counts per member."""
    from scipy.sparse import coo_array

    points = np.frombuffer("".join(f" {key} " for key in keys).encode("utf-32-le"), np.uint32).astype(np.uint64)
    owner = np.repeat(np.arange(len(keys), dtype=np.int64), [len(key) + 2 for key in keys])
    whole = owner[:-2] == owner[2:]
    buckets = _mix(points[:-2], points[1:-1], points[2:])[whole].astype(np.int32)
    # As rows of a sparse matrix, which are sorted by counting: many times faster than sorting all pairs.
    pairs = (np.ones(len(buckets), bool), (buckets, owner[:-2][whole].astype(np.int32)))
    lists = coo_array(pairs, shape=(1 << settings.BUCKET_BITS, len(keys))).tocsr()
    lists.sum_duplicates()
    members = lists.indices.astype(np.int32)
    return lists.indptr.astype(np.uint32), members, np.bincount(members, minlength=len(keys)).astype(np.uint16)


class NameIndex:
    """Names and the places that bear them.

    Args:
        arrays: What :func:`build_index` made, possibly memory-mapped.
    """

    def __init__(self, arrays: Arrays) -> None:
        # As plain arrays over the same mapped pages: reading single values of a memmap takes many times longer.
        self._arrays = {name: np.asarray(array) for name, array in arrays.items()}

    def __len__(self) -> int:
        return len(self._arrays["hashes"])

    def _key(self, row: int) -> str:
        start, stop = self._arrays["blob_starts"][row : row + 2]
        return self._arrays["blob"][start:stop].tobytes().decode()

    def keys(self) -> list[str]:
        """Every normalised name, by its row."""
        text, starts = self._arrays["blob"].tobytes(), self._arrays["blob_starts"].tolist()
        return [text[start:stop].decode() for start, stop in pairwise(starts)]

    def bearers(self) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int32], npt.NDArray[np.uint8]]:
        """Each name of each place: row of the name in :meth:`keys`, row of the place, and flags; (n,) each."""
        starts = self._arrays["posting_starts"].astype(np.int64)
        names = np.repeat(np.arange(len(self)), starts[1:] - starts[:-1])
        return names, self._arrays["posting_places"], self._arrays["posting_flags"]

    def _postings(self, row: int) -> list[Posting]:
        start, stop = self._arrays["posting_starts"][row : row + 2]
        places, flags = self._arrays["posting_places"][start:stop], self._arrays["posting_flags"][start:stop]
        return [Posting(int(p), int(f)) for p, f in zip(places, flags, strict=True)]

    def exact(self, key: str) -> list[Posting]:
        """Places that go by a normalised name."""
        value = np.uint64(_hash(key))
        row = int(np.searchsorted(self._arrays["hashes"], value))
        if row == len(self) or self._arrays["hashes"][row] != value or self._key(row) != key:
            return []
        return self._postings(row)

    def similar(self, key: str, *, limit: int, lowest: float) -> list[tuple[str, float]]:
        """Names written almost like a normalised one.

        Args:
            key: Normalised.
            limit: How many at most.
            lowest: Smallest similarity, in [0, 1].

        Returns:
            (normalised name, similarity in [0, 1]) best first: the larger of the share of letters kept in
            order, and the same with words sorted less a little. Names under four characters have none.
        """
        if len(key) < settings.SHORTEST_FUZZY:
            return []
        a = self._arrays
        wanted = _trigrams(key)
        starts, stops = a["trigram_starts"][wanted], a["trigram_starts"][wanted + 1]
        lists = [a["trigram_members"][s:e] for s, e in zip(starts, stops, strict=True) if e - s < settings.COMMONEST]
        if not lists or not sum(map(len, lists)):
            return []
        members, shared = np.unique(np.concatenate(lists), return_counts=True)
        likeness = shared / (len(wanted) + a["pool_trigrams"][members])  # half of Dice's coefficient
        best = members[np.argsort(-likeness, kind="stable")[: settings.CANDIDATES]]
        choices = [self._key(int(row)) for row in a["pool"][best]]
        found = process.extract(key, choices, scorer=_similarity, limit=limit, score_cutoff=100 * lowest)
        return [(name, score / 100) for name, score, _ in found]


def _similarity(a: str, b: str, *, score_cutoff: float | None = None) -> float:
    """Percent of letters kept in order, or with words sorted (a little less, since order carries meaning).

    The words that tell the place apart must agree as well as the whole: "Konso Cultural Landscape" is not
    a slip for "Khomani Cultural Landscape".
    """
    in_order = fuzz.ratio(a, b, score_cutoff=score_cutoff)
    whole = max(in_order, fuzz.token_sort_ratio(a, b, score_cutoff=score_cutoff) - settings.WORD_ORDER)
    telling_a, telling_b = _telling(a), _telling(b)
    if not whole or not telling_a or not telling_b:
        return whole if telling_a == telling_b else 0.0
    pairs = ((telling_a, telling_b), (telling_a, b), (a, telling_b))  # the word for the kind may be misspelt, too
    return min(whole, max(fuzz.token_sort_ratio(left, right) for left, right in pairs))


def _telling(key: str) -> str:
    return " ".join(
        word for word in key.split() if word not in kind_words() and word.removesuffix("s") not in kind_words()
    )
