"""What a text says about a place relative to others: "100 km west of Paris", "between Munich and Salzburg".

This module only takes texts apart; :mod:`geoclip_core.text.relations.surroundings` says where the relation holds.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal

from geoclip_core.text.relations.length import LENGTH, kilometres

Kind = Literal["offset", "direction", "distance", "between", "border", "near", "capital"]

_BEARINGS = {
    bearing: words.split()
    for bearing, words in {
        0.0: "north n nord norte nördlich noord север севернее северу",
        45.0: "northeast north-east ne nordöstlich nord-est nordeste noreste",
        90.0: "east e est este östlich oost восток восточнее востоку",
        135.0: "southeast south-east se südöstlich sud-est sudeste sureste",
        180.0: "south s sud sur süd südlich zuid sul юг южнее югу",
        225.0: "southwest south-west sw südwestlich sud-ouest sudoeste suroeste",
        270.0: "west w ouest oeste westlich ovest запад западнее западу",
        315.0: "northwest north-west nw nordwestlich nord-ouest noroeste",
    }.items()
}
_BEARING_OF = {word: bearing for bearing, words in _BEARINGS.items() for word in words}
_DIRECTION = "(" + "|".join(sorted(_BEARING_OF, key=len, reverse=True)) + ")"
_OF = r"(?:of|from|von|de|du|del|della|di|от)\s+(?:the\s+)?"
_OFFSET = re.compile(
    rf"\b{LENGTH}\s+(?:to the\s+|due\s+|au\s+|al\s+|a\s+|к\s+|на\s+)?{_DIRECTION}\s+{_OF}(?P<anchor>.+)", re.IGNORECASE
)
_DISTANCE = re.compile(
    rf"\b{LENGTH}\s+(?:away\s+)?(?:from|outside(?:\s+of)?|von|entfernt von|de|da|от)\s+(?P<anchor>.+)", re.IGNORECASE
)
_BESIDE = re.compile(
    r"\b(?:to the\s+|just\s+|au\s+|al\s+)?(?P<direction>(?:north|south)(?:[- ]?(?:east|west))?|east|west"
    r"|(?:nord|süd)(?:öst|west)?lich|(?:öst|west)lich|nord|sud|norte|sur|est|ouest|este|oeste)\s+"
    rf"{_OF}(?P<anchor>.+)",
    re.IGNORECASE,
)
_BETWEEN = re.compile(
    r"\b(?P<half>half-?way|mid-?way|auf halbem weg|à mi-chemin|a medio camino)?\s*"
    r"(?:between|zwischen|entre|tra|fra|mellem|mellan|между|між)\s+(?P<anchor>.+?)\s+(?:and|und|et|y|e|i|og|och|и|і|&)\s+"
    r"(?P<other>[^,.;:!?]+)",
    re.IGNORECASE,
)
_BORDER = (
    re.compile(
        r"\b(?:border|frontier|grenze|frontière|frontera|confine)\s+(?:of|between|zwischen|entre|tra)\s+"
        r"(?P<anchor>.+?)\s+(?:and|with|und|et|y|e)\s+(?P<other>[^,.;:!?]+)",
        re.IGNORECASE,
    ),
    re.compile(
        r"(?:\bthe\s+)?(?P<anchor>[^\W\d_][\w .]*?)\s*[-\u2013/]\s*(?P<other>[^\W\d_][\w .]*?)\s+border\b",
        re.IGNORECASE,
    ),
)
_NEAR = re.compile(
    r"\b(?:near(?:by)?(?:\s+to)?|close to|not far from|in the vicinity of|just outside|outskirts of"
    r"|in der nähe von|unweit von|près de|non loin de|cerca de|vicino a|perto de"
    r"|около|недалеко от)\s+(?:the\s+)?(?P<anchor>.+)",
    re.IGNORECASE,
)
_CAPITAL = re.compile(
    r"\b(?:capital(?: city)?|hauptstadt|capitale|столица)\s+(?:of|von|de la|de l'|du|de|del|della|di|d')?\s*(?:the\s+)?"
    r"(?P<anchor>.+)",
    re.IGNORECASE,
)
_NOT = re.compile(
    r"[,;(]?\s*\b(?:but\s+|und\s+|mais\s+|pero\s+)?"
    r"(?:not|isn't|aren't|except(?:\s+for)?|excluding|other than|rather than|instead of|without"
    r"|nicht|außer|ausser|ohne|(?-i:(?<![-\w])pas)|sauf|hormis|excepto|menos|tranne|exceto|кроме|не)\s+"
    r"(?:the (?:one|city|town)s?\s+|der\s+|die\s+|das\s+|celui\s+)?(?:in|from|of|at|aus|von|en|à|au|de|в|из)?"
    r"\s*(?:the\s+)?"
    r"(?P<left_out>[^\W\d_][^,.;:!?()]*?)\s*(?=[,.;:!?()]|$|\bbut\b|\bsondern\b|\bmais\b)",
    re.IGNORECASE,
)


@dataclass(frozen=True)
class Relation:
    """A place relative to one or two others.

    Args:
        kind: "offset" (so far in a direction), "direction", "distance" (so far away), "between", "border", "near" or
            "capital".
        words: The words that say so, as written.
        anchor: Words that name the place it is relative to.
        other: Words that name the second place of "between" and "border".
        bearing_deg: Clockwise from north, for "offset" and "direction".
        distance_km: For "offset" and "distance".
        halfway: Whether "between" says that it is the middle.
    """

    kind: Kind
    words: str
    anchor: str
    other: str = ""
    bearing_deg: float = 0.0
    distance_km: float = 0.0
    halfway: bool = False


def find_relation(text: str) -> Relation | None:
    """The relation that a text states, or None."""
    match = _OFFSET.search(text)
    if match:
        bearing = _BEARING_OF[match.group(3).lower()]
        return Relation("offset", match.group(), match.group("anchor"), "", bearing, kilometres(match))
    for pattern in (*_BORDER, _BETWEEN):
        match = pattern.search(text)
        if match:
            kind: Kind = "between" if pattern is _BETWEEN else "border"
            halfway = kind == "between" and bool(match.group("half"))
            return Relation(kind, match.group(), match.group("anchor"), match.group("other"), halfway=halfway)
    match = _DISTANCE.search(text)
    if match:
        return Relation("distance", match.group(), match.group("anchor"), distance_km=kilometres(match))
    match = _BESIDE.search(text)
    if match:
        towards = _BEARING_OF.get(match.group("direction").lower().replace(" ", ""))
        if towards is not None:
            return Relation("direction", match.group(), match.group("anchor"), bearing_deg=towards)
    match = _NEAR.search(text)
    if match:
        return Relation("near", match.group(), match.group("anchor"))
    match = _CAPITAL.search(text)
    return Relation("capital", match.group(), match.group("anchor")) if match else None


def split_exclusions(text: str) -> tuple[str, tuple[str, ...]]:
    """A text without what it leaves out, and the words that name what it leaves out.

    Args:
        text: Such as "Portland but not the one in Oregon".
    """
    left_out = tuple(match.group("left_out") for match in _NOT.finditer(text))
    return (re.sub(r"\s+", " ", _NOT.sub(" ", text)).strip(" ,;") if left_out else text), left_out


def part_of(word: str) -> float | None:
    """Bearing that "northern" and "north" point to; -1 for "central"; None for other words."""
    word = word.lower()
    if word in ("central", "middle", "zentral", "inner", "interior"):
        return -1.0
    plain = re.sub(r"ern$", "", word).replace("-", "")
    return _BEARING_OF.get(plain) if len(plain) > len("ne") else None
