"""Data made by rules, so that the right answer is known: one set for each mechanism that a rival brings.

``two places``: what a photo shows is seen at two places far apart, half the photos at each; a density must have both.
``wrong labels``: three in ten places are wrong, anywhere; one neighbour is not to be trusted, many are.
``scenes``: features point at the place in one kind of scene and at its antipode in the other; the kind is known.
``halves``: the features tell the latitude only, the tokens the longitude only.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from geoclip_core.earth.coordinates import Floats, from_unit_vectors, unit_vectors
from geoclip_core.rivals.comparison.photo_sets import PhotoSet
from geoclip_core.rivals.contract import LOG_SPHERE
from geoclip_core.rivals.kernels import concentration, log_kernel

RULES = ("two places", "wrong labels", "scenes", "halves")

WIDTH_KM = 200.0  # how far photos of one place lie apart
WRONG = 0.3
_GROUPS, _WIDTH = 24, 16  # motifs, features
_NOISE = 0.05

Rows = npt.NDArray[np.int64]


def known_set(rule: str, photos: int, seed: int = 0) -> PhotoSet:
    """Data of one rule; a quarter is the test.

    Args:
        rule: One of ``RULES``.
        photos: How many.
        seed: Of everything.

    Raises:
        ValueError: There is no such rule.
    """
    makers = {"two places": _two_places, "wrong labels": _wrong_labels, "scenes": _scenes, "halves": _halves}
    if rule not in makers:
        raise ValueError(f"There is no rule {rule!r}; there are {', '.join(RULES)}")
    return makers[rule](photos, np.random.default_rng(seed))


def _two_places(photos: int, chance: np.random.Generator) -> PhotoSet:
    homes = _anywhere(2 * _GROUPS, chance).reshape(_GROUPS, 2, 3)
    motif, home = chance.integers(_GROUPS, size=photos), chance.integers(2, size=photos)
    places = _scatter(homes[motif, home], chance)
    features = chance.normal(size=(_GROUPS, _WIDTH))[motif] + _NOISE * chance.normal(size=(photos, _WIDTH))

    def right(rows: Rows) -> tuple[Floats, Floats]:
        both = np.exp(_log_near(places[rows][:, None], homes[motif[rows]])).mean(axis=1)
        return np.log(both), from_unit_vectors(homes[motif[rows], 0])

    return _finish("two places", features, places, right)


def _wrong_labels(photos: int, chance: np.random.Generator) -> PhotoSet:
    homes = _anywhere(_GROUPS, chance)
    motif = chance.integers(_GROUPS, size=photos)
    wrong = chance.random(photos) < WRONG
    places = np.where(wrong[:, None], _anywhere(photos, chance), _scatter(homes[motif], chance))
    features = chance.normal(size=(_GROUPS, _WIDTH))[motif] + _NOISE * chance.normal(size=(photos, _WIDTH))

    def right(rows: Rows) -> tuple[Floats, Floats]:
        near = np.log1p(-WRONG) + _log_near(places[rows], homes[motif[rows]])
        return np.logaddexp(near, np.log(WRONG) - LOG_SPHERE), from_unit_vectors(homes[motif[rows]])

    return _finish("wrong labels", features, places, right)


def _scenes(photos: int, chance: np.random.Generator) -> PhotoSet:
    shown = _anywhere(photos, chance)
    kind = chance.integers(2, size=photos)
    turned = np.where(kind[:, None] == 1, -shown, shown)
    places = _scatter(turned, chance)
    features = np.concatenate(
        [shown @ chance.normal(size=(3, _WIDTH)), np.where(kind == 1, 1.5, -1.5)[:, None]], axis=1
    )

    def right(rows: Rows) -> tuple[Floats, Floats]:
        return _log_near(places[rows], turned[rows]), from_unit_vectors(turned[rows])

    return _finish("scenes", features, places, right, scenes=np.eye(2)[kind])


def _halves(photos: int, chance: np.random.Generator) -> PhotoSet:
    shown = _anywhere(photos, chance)
    places = _scatter(shown, chance)
    across = np.hypot(shown[:, 0], shown[:, 1])
    latitude = np.stack([shown[:, 2], across], axis=1) @ chance.normal(size=(2, _WIDTH))
    longitude = np.stack([shown[:, 0] / across, shown[:, 1] / across], axis=1)
    tokens = np.repeat(longitude[:, None], 16, axis=1)

    def right(rows: Rows) -> tuple[Floats, Floats]:
        return _log_near(places[rows], shown[rows]), from_unit_vectors(shown[rows])

    return _finish("halves", latitude, places, right, tokens=tokens)


def _anywhere(count: int, chance: np.random.Generator) -> Floats:
    vectors = chance.normal(size=(count, 3))
    return np.asarray(vectors / np.linalg.norm(vectors, axis=1, keepdims=True))


def _scatter(centres: Floats, chance: np.random.Generator) -> Floats:
    """Draws of von Mises-Fisher kernels around unit vectors, by the inverse of their distribution (Ulrich 1984)."""
    kappa = concentration(WIDTH_KM)
    cosine = 1 + np.log(chance.random(len(centres)) * -np.expm1(-2 * kappa) + np.exp(-2 * kappa)) / kappa
    aside = np.cross(centres, _anywhere(len(centres), chance))
    aside /= np.linalg.norm(aside, axis=1, keepdims=True)
    return np.asarray(cosine[:, None] * centres + np.sqrt(np.maximum(0.0, 1 - cosine**2))[:, None] * aside)


def _log_near(places: Floats, centres: Floats) -> Floats:
    return log_kernel((places * centres).sum(axis=-1), concentration(WIDTH_KM))


def _finish(
    name: str,
    features: Floats,
    places: Floats,
    right: object,
    *,
    tokens: Floats | None = None,
    scenes: Floats | None = None,
) -> PhotoSet:
    latlon = from_unit_vectors(unit_vectors(from_unit_vectors(places)))
    count = len(places)
    return PhotoSet(
        name,
        features.astype(np.float32),
        latlon,
        np.arange(count) % 4 == 3,
        np.arange(count),
        None if tokens is None else tokens.astype(np.float32),
        None if scenes is None else scenes.astype(np.float32),
        right,  # type: ignore[arg-type]
    )
