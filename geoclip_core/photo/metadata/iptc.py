"""What an IPTC record says: place, caption, time (IPTC-IIM 4.2, sections 5 and 6)."""

from __future__ import annotations

from collections.abc import Iterator

from geoclip_core.photo.claims import Claim, Said, words
from geoclip_core.photo.metadata.exif_block import caption
from geoclip_core.photo.metadata.times import time_claim

_CHARACTER_SET = (1, 90)
_SUBLOCATION, _CITY, _STATE, _CODE, _COUNTRY = (2, 92), (2, 90), (2, 95), (2, 100), (2, 101)
_TITLE, _HEADLINE, _CAPTION = (2, 5), (2, 105), (2, 120)
_DAY, _CLOCK = (2, 55), (2, 60)
_UTF8 = b"\x1b%G"


def read_record(record: bytes, source: str = "IPTC") -> Said:
    """All claims of a record."""
    raw = dict(reversed(list(_entries(record))))  # the first of a kind counts
    utf8 = raw.get(_CHARACTER_SET, b"").startswith(_UTF8)
    fields = {key: words(_decoded(value, utf8)) for key, value in raw.items()}
    place = ", ".join(
        part
        for part in (
            fields.get(_SUBLOCATION),
            fields.get(_CITY),
            fields.get(_STATE),
            fields.get(_COUNTRY) or fields.get(_CODE),
        )
        if part
    )
    written = (caption(fields.get(key), source) for key in (_CAPTION, _HEADLINE, _TITLE))
    taken = time_claim("taken", source, _moment(fields.get(_DAY, ""), fields.get(_CLOCK, "")))
    claims = [
        Claim("place", place, source) if place else None,
        next((claim for claim in written if claim is not None), None),
        taken if isinstance(taken, Claim) else None,
    ]
    problems = (taken,) if isinstance(taken, str) else ()
    return Said(tuple(claim for claim in claims if claim is not None), problems)


def _entries(record: bytes) -> Iterator[tuple[tuple[int, int], bytes]]:
    at = 0
    while at + 5 <= len(record) and record[at] == 0x1C:
        key, size = (record[at + 1], record[at + 2]), int.from_bytes(record[at + 3 : at + 5], "big")
        at += 5
        if size & 0x8000:  # a longer value: its size follows
            width = size & 0x7FFF
            if width > 4:
                return
            size = int.from_bytes(record[at : at + width], "big")
            at += width
        yield key, record[at : at + size]
        at += size


def _decoded(value: bytes, utf8: bool) -> str:
    """Text; without a declared character set UTF-8 where it is valid, else Latin-1, as most programs wrote it."""
    try:
        return value.decode("utf-8")
    except UnicodeDecodeError:
        return value.decode("utf-8", "replace") if utf8 else value.decode("latin-1")


def _moment(day: str, clock: str) -> str:
    """``"20190714"`` and ``"103000+0200"`` as other readers of times have them."""
    if len(day) != 8 or not day.isdigit():
        return ""
    date = f"{day[:4]}-{day[4:6]}-{day[6:]}"
    if len(clock) < 6 or not clock[:6].isdigit():
        return date
    return f"{date} {clock[:2]}:{clock[2:4]}:{clock[4:6]}{clock[6:]}"
