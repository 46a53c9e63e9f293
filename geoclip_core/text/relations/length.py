"""Lengths as people write them: "100 km", "half a mile", "500 m"."""

from __future__ import annotations

import re

_KM = {"mi": 1.609344, "meil": 1.609344, "na": 1.852, "nm": 1.852, "m": 0.001}  # by how a unit starts; others are km
_NUMBERS = {
    **{"(?:a|one) hundred": 100.0, "(?:a|one) thousand": 1000.0, "two hundred": 200.0, "a couple of": 2.0},
    **{"half an?": 0.5, "an?": 1.0, "one": 1.0, "two": 2.0, "three": 3.0, "four": 4.0, "five": 5.0, "six": 6.0},
    **{"seven": 7.0, "eight": 8.0, "nine": 9.0, "ten": 10.0, "twelve": 12.0, "fifteen": 15.0, "twenty": 20.0},
    **{"thirty": 30.0, "forty": 40.0, "fifty": 50.0, "sixty": 60.0, "eighty": 80.0},
}  # in words, the longer first

LENGTH = (
    rf"(?P<length>\d+(?:[.,]\d+)?|{'|'.join(_NUMBERS)})\s*(?P<unit>km|kilomet(?:er|re)s?|kms|kilómetros|quilômetros|chilometri|км"
    r"|miles?|meilen|millas|mi|nm|nautical miles|m|met(?:er|re)s?)"
)
"""Pattern of a length, with the groups that :func:`kilometres` reads."""


def kilometres(match: re.Match[str]) -> float:
    """The length of a match of :data:`LENGTH`, in km."""
    unit = match.group("unit").lower()
    by = next((km for start, km in _KM.items() if unit.startswith(start)), 1.0)
    length = match.group("length").lower().replace(",", ".")
    words = next((value for pattern, value in _NUMBERS.items() if re.fullmatch(pattern, length)), None)
    return (float(length) if words is None else words) * by
