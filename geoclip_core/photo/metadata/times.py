"""Times as files write them."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta, timezone

from geoclip_core.photo.claims import Claim, What, words

ONLY_A_DAY = "The file gives the day only, not the time of day."

_TIME = re.compile(
    r"(\d{4})[-:/.](\d{1,2})[-:/.](\d{1,2})"  # a day
    r"(?:[T ]+(\d{1,2}):(\d{2})(?::(\d{2}))?(?:[.,](\d{1,6})\d*)?)?"  # a time of day
    r"\s*(Z|[+-]\d{2}:?\d{2})?"
)
_FARTHEST_ZONE = timedelta(hours=14)


def time_claim(what: What, source: str, value: object, offset: object = None) -> Claim | str | None:
    """A claimed time.

    Args:
        what: Which of a photo's times it is.
        source: Where it is written.
        value: Text such as ``"2019:07:14 10:30:00"`` (EXIF) or ``"2019-07-14T10:30:00+02:00"`` (XMP).
        offset: A zone that is written apart, such as ``"+02:00"``.

    Returns:
        The claim, with a zone where one is given; a whole sentence where the text cannot be read; None for a blank.
    """
    text = words(value, 60)
    if not text.strip("0:-/. T"):
        return None
    found = _TIME.match(text)
    moment = None
    if found:
        year, month, day, hour, minute, second = (int(part or 0) for part in found.groups()[:6])
        micro = int((found[7] or "").ljust(6, "0"))
        try:
            moment = datetime(year, month, day, hour, minute, second, micro, zone(found[8] or words(offset, 10)))
        except ValueError:
            moment = None
    if moment is None:
        return f"The file gives a time that cannot be read ({text[:30]!r})."
    assert found is not None
    return Claim(what, moment, source, doubts=() if found[4] else (ONLY_A_DAY,))


def zone(text: str) -> timezone | None:
    """A zone from ``"Z"``, ``"+02:00"`` or ``"+0200"``; None for anything else."""
    if text == "Z":
        return UTC
    found = re.fullmatch(r"([+-])(\d{2}):?(\d{2})", text)
    if found is None:
        return None
    ahead = timedelta(hours=int(found[2]), minutes=int(found[3]))
    if ahead > _FARTHEST_ZONE:
        return None
    return timezone(ahead if found[1] == "+" else -ahead)
