"""Filling an album: a model is asked about many photos, and of each answer an entry is kept."""

from __future__ import annotations

import io
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

from geoclip_core.album.album import AlbumPhoto
from geoclip_core.album.entry import AlbumPlace, Entry, FileClaim, Status
from geoclip_core.earth.distance import great_circle_km
from geoclip_core.earth.regions import parse_region
from geoclip_core.errors import GeoclipError, NoEvidenceError
from geoclip_core.files import digest, printable
from geoclip_core.locate.answer import Answer
from geoclip_core.locate.claim.check import ClaimCheck
from geoclip_core.locate.locator import Locator
from geoclip_core.locate.many.pipeline import Outcome
from geoclip_core.locate.many.settings import AnswerSettings
from geoclip_core.locate.wording import file_words
from geoclip_core.photo.decode import Photo
from geoclip_core.photo.exif import ExifRecord

THUMBNAIL_PX = 192
"""Longer side of a thumbnail."""

THUMBNAIL_BYTES = 12 << 10
"""A thumbnail's size at most: an album of ``MOST_PHOTOS`` that is saved stays small enough for the page to open it."""

_QUALITIES = (80, 60, 40, 20, 5)

AT_ONCE = 4
"""Photos that are looked at together: few, so that the first results come soon."""

_NOTHING_ELSE = "Nothing but the file itself speaks of the place, so that its position could not be checked."


def fill(
    locator: Locator,
    photos: Iterable[AlbumPhoto],
    *,
    top_k: int = 5,
    region: str | None = None,
    check_claims: bool = True,
    start: int = 0,
    pause: Callable[[], None] | None = None,
) -> Iterator[Entry]:
    """Ask a model about photos; one entry for each as soon as it is there, in order.

    Progress is the number of entries so far; closing the iterator cancels the work, and what was yielded stays.

    Args:
        locator: The model.
        photos: The photos; read about two batches ahead.
        top_k: Candidates of each.
        region: Restriction of all.
        check_claims: Whether the position that each file states is held against the other evidence.
        start: Number of the first entry.
        pause: See ``Locator.outcomes``.

    Raises:
        GeoclipError: A setting out of range; at once.
    """
    settings = AnswerSettings(top_k, parse_region(region) if region is not None else None)
    taken: deque[AlbumPhoto] = deque()

    def sources() -> Iterator[object]:
        for photo in photos:
            taken.append(photo)
            yield photo.source

    outcomes = locator.outcomes(
        sources(),  # type: ignore[arg-type]
        settings,
        aside=_small,
        check_files=check_claims,
        batch=AT_ONCE,
        pause=pause,
    )

    def entries() -> Iterator[Entry]:
        try:
            for number, outcome in enumerate(outcomes, start=start):
                photo = taken.popleft()
                yield _entry(locator, photo, outcome, number)
        finally:
            outcomes.close()  # type: ignore[attr-defined]

    return entries()


def thumbnail(photo: Photo) -> bytes | None:
    """A JPEG picture of ``THUMBNAIL_PX`` and ``THUMBNAIL_BYTES`` at most, without metadata; None without pixels."""
    if photo.pixels is None:
        return None
    # A box filter before the copy, so that a large photo is not copied whole.
    small = photo.pixels.reduce(max(1, min(photo.pixels.size) // (2 * THUMBNAIL_PX)))
    small.thumbnail((THUMBNAIL_PX, THUMBNAIL_PX))
    small.info.clear()
    for quality in _QUALITIES:
        stream = io.BytesIO()
        small.save(stream, "JPEG", quality=quality)
        if stream.tell() <= THUMBNAIL_BYTES:
            break
    return stream.getvalue()


def _small(photo: Photo) -> tuple[bytes | None, str]:
    """The thumbnail, and what is the same for the same photo; that of a thumbnail costs little."""
    made = thumbnail(photo)
    key = digest(made, *photo.blocks.exif, *photo.blocks.xmp, *photo.blocks.iptc) if made is not None else ""
    return made, key


def _entry(locator: Locator, photo: AlbumPhoto, outcome: Outcome, number: int) -> Entry:
    result, record = outcome.result, outcome.exif or ExifRecord()
    status: Status = "failed"
    places: tuple[AlbumPlace, ...] = ()
    evidence: tuple[str, ...] = ()
    warnings = record.warnings
    if isinstance(result, Answer):
        status, warnings = "answered", result.warnings
        evidence = tuple(note.label for note in result.evidence if note.used)
        if result.only_regions:
            evidence = (result.wide_text, *evidence)
        else:
            places = tuple(
                AlbumPlace(c.latlon, c.probability, c.radius_km, c.label, c.place.country_code)
                for c in result.candidates
            )
    elif isinstance(result, NoEvidenceError):
        status = "no_evidence"
    small, key = outcome.aside or (None, "")
    return Entry(
        number,
        photo.name,
        status,
        places,
        locator.name,
        evidence,
        warnings,
        str(result) if isinstance(result, GeoclipError) else "",
        record.taken_at,
        record.camera or "",
        file_words(record),
        _claim(locator, record, places, outcome.check),
        thumbnail=small,
        path=printable(photo.source) if isinstance(photo.source, str | Path) else None,
        key=key,
    )


def _claim(
    locator: Locator, record: ExifRecord, places: tuple[AlbumPlace, ...], found: ClaimCheck | GeoclipError | None
) -> FileClaim | None:
    """What the file states, held against what does not go by the file."""
    if record.latlon is None:
        return None
    if found is None:
        own = any(source.reads_file for source in locator.sources)
        apart = None if own or not places else float(great_circle_km(record.latlon, places[0].latlon))
        return FileClaim(record.latlon, apart)
    if isinstance(found, GeoclipError):
        return FileClaim(record.latlon, sentence=_NOTHING_ELSE if isinstance(found, NoEvidenceError) else str(found))
    apart = float(great_circle_km(record.latlon, found.answer.candidates[0].latlon))
    return FileClaim(record.latlon, apart, found.inside, found.verdict == "contradicted", found.sentence)
