"""The verdict on a claim in words, as careful as its evidence."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from geoclip_core.locate.wording import distance

if TYPE_CHECKING:
    from geoclip_core.locate.claim.check import ClaimCheck, Side


def times_words(times: float) -> str:
    """A ratio with two digits; a large one without pretending to know it."""
    if times >= 1e6:
        return "more than a million times"
    return f"{float(f'{times:.2g}'):,.0f} times" if times >= 10 else f"{times:.1f} times"


def summary(check: ClaimCheck) -> str:
    """The verdict, where the claim lies in the answer, and what the best place is.

    Args:
        check: The claim held against the evidence.
    """
    name = check.claim.words
    if check.inside is None:
        said = f"The evidence contradicts {name}: it lies outside the region that holds 99 % of the probability"
    elif check.inside > 0.9:
        said = f"{name} is doubtful: it lies outside the region that holds 90 % of the probability, inside that of 99 %"
    else:
        where = f"it lies inside the region that holds {100 * check.inside:.0f} % of the probability"
        said = f"The evidence does not contradict {name}: {where}. That is no proof of the place"
    if check.distance_km > 0:
        best, away = check.answer.candidates[0].label, distance(check.distance_km)
        said += f". The best place, {best}, is {away} away and {times_words(check.times)} likelier"
    return f"{said}. {check.answer.calibration_text}"


def lines(check: ClaimCheck) -> Iterator[str]:
    """The verdict, then each source with what it says, then what is doubtful about the evidence itself.

    Args:
        check: The claim held against the evidence.
    """
    yield f"{check.answer.model}: claimed by {check.claim.source}: {check.claim.words}"
    yield f"{check.verdict}. {check.sentence}"
    yield from (side_words(side) for side in check.sides)
    yield from (f"note: {note}" for note in check.answer.notes)
    yield from (f"warning: {warning}" for warning in check.answer.warnings)


def side_words(side: Side) -> str:
    """What one source says of the claim, with how strongly."""
    beside = "" if side.used else " (shown, not used)"
    if side.says == "neither":
        return f"neither for nor against: {side.label}{beside}"
    strength = side.factor if side.says == "for" else 1 / max(side.factor, 1e-300)
    return f"{side.says}: {side.label}{beside}: the evidence is {times_words(strength)} " + (
        "likelier if the claim is true" if side.says == "for" else "likelier if it is not"
    )
