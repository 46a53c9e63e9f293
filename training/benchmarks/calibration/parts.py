"""Accuracy and calibration of parts of the questions: by continent, by how often photos are taken there, by scene."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import numpy.typing as npt

from geoclip_core.earth.coordinates import Floats
from geoclip_core.earth.country_names import continents, country_codes_of
from geoclip_core.evaluation.calibration import calibration_error, calibration_error_by_chance
from geoclip_core.evaluation.calibration_file import Part
from geoclip_core.evaluation.countries import countries_by_polygon
from training.benchmarks.calibration.witness import PriorDensity, Witness

LEAST_QUESTIONS = 10
"""Of fewer questions nothing is told."""

SHARES = (0.001, 0.01, 0.1)
"""Bounds of a country's share of the gallery."""

NO_PLACE, AT_SEA = "no place is meant", "at sea"


def parts_of(heard: list[Witness], said: Floats, right: Floats, prior: PriorDensity) -> dict[str, tuple[Part, ...]]:
    """Figures of every part of some questions.

    Args:
        heard: Of one kind of evidence.
        said: (n,) confidence of each first place.
        right: (n,) whether it was right.
        prior: Where people take photos.
    """
    codes = countries_by_polygon(np.array([witness.truth for witness in heard]))
    meant = np.array([witness.meant for witness in heard])
    by_country = prior.country_shares()
    shares = np.array([by_country.get(str(code), 0.0) for code in codes])
    labels = {
        "continent": _or_none(_continents(codes), codes, meant),
        "country's share of the gallery": _or_none(_levels(shares), codes, meant),
    }
    scenes = np.array([witness.scene for witness in heard])
    if (scenes != "").any():
        labels["scene"] = np.where(scenes == "", "unknown", scenes)
    return {
        what: tuple(
            _part(str(name), said[of == name], right[of == name])
            for name in sorted(set(of.tolist()), key=lambda name: (name in (AT_SEA, NO_PLACE), name))
            if (of == name).sum() >= LEAST_QUESTIONS
        )
        for what, of in labels.items()
    }


def _part(name: str, said: Floats, right: Floats) -> Part:
    by_chance = calibration_error_by_chance(said)[0]
    return Part(name, len(said), float(said.mean()), float(right.mean()), calibration_error(said, right), by_chance)


def _continents(codes: npt.NDArray[np.str_]) -> npt.NDArray[np.str_]:
    found = np.full(len(codes), "", dtype="<U40")
    for code, name in continents().items():
        found[np.isin(codes, country_codes_of(code))] = name
    return found


def _levels(shares: Floats) -> npt.NDArray[np.str_]:
    bounds = [f"{100 * bound:g} %" for bound in SHARES]
    names = [f"up to {bounds[0]}", *(f"{low} to {high}" for low, high in pairwise(bounds))]
    return np.array([*names, f"above {bounds[-1]}"], dtype="<U40")[np.searchsorted(SHARES, shares)]


def _or_none(
    names: npt.NDArray[np.str_], codes: npt.NDArray[np.str_], meant: npt.NDArray[np.bool_]
) -> npt.NDArray[np.str_]:
    return np.where(~meant, NO_PLACE, np.where((codes == "") | (names == ""), AT_SEA, names))
