"""Share of answers in the right country, which depends on how a point's country is found: always name the method."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from geoclip_core.earth.countries import country_at

COAST_KM = 5.0
"""A point this far out at sea takes the nearest country: photos of a coast are often placed in the water."""


def country_accuracy(predicted: npt.ArrayLike, truth: npt.ArrayLike) -> tuple[float, int]:
    """Share of answers whose country is that of the truth, from codes.

    PIGEON (Haas et al. 2023) finds a point's country by the polygon that holds it, OSV-5M (Astruc et al. 2024) by the
    nearest town; they differ at borders and coasts.

    Args:
        predicted: (n,) codes; "" where there is no answer, or at sea.
        truth: (n,) codes; "" where it is not known. Such questions are left out, as in OSV-5M.

    Returns:
        The share, and how many questions were counted.

    Raises:
        ValueError: Not as many answers as truths, or no truth is known.
    """
    found, right = np.asarray(predicted, dtype=str), np.asarray(truth, dtype=str)
    if found.shape != right.shape:
        raise ValueError(f"There are {found.size} answers for {right.size} countries")
    known = right != ""
    if not known.any():
        raise ValueError("The country of no question is known")
    return float((found[known] == right[known]).mean()), int(known.sum())


def countries_by_polygon(latlon: npt.ArrayLike) -> npt.NDArray[np.str_]:
    """Codes of the countries whose outlines hold points, ``COAST_KM`` out at sea included.

    Args:
        latlon: (n, 2) degrees; a row of NaN is a question without an answer.

    Returns:
        (n,) ISO 3166-1 alpha-2, "" at sea or without an answer.

    Raises:
        CoordinateError: Not points on Earth.
    """
    points = np.asarray(latlon, dtype=np.float64).reshape(-1, 2)
    answered = ~np.isnan(points).all(axis=1)
    codes = np.full(len(points), "", dtype="<U2")
    if answered.any():
        codes[answered] = country_at(points[answered], COAST_KM)
    return codes
