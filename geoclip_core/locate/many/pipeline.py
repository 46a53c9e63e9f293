"""Many photos through one model: decoded in threads, seen by the networks in batches, scored in threads, told in order.

At no time more than a few batches of photos are under way, and of most of them only what a network looks at: memory
does not grow with their number. What is slow, decoding and matrix products, lets other threads run.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any, TypeVar

from torch import Tensor

from geoclip_core.errors import GeoclipError
from geoclip_core.evidence.source import Finding
from geoclip_core.locate.answer import Answer
from geoclip_core.locate.claim.check import ClaimCheck
from geoclip_core.locate.density import cosines_together
from geoclip_core.locate.fusion.looking import Looked, Outstanding, Sources, look_together
from geoclip_core.locate.gallery import Gallery
from geoclip_core.photo.ahead import decoding_pool, grouped, made_ahead
from geoclip_core.photo.decode import Photo, PhotoSource, open_photo
from geoclip_core.photo.exif import ExifRecord

ON_PROCESSOR, ON_ACCELERATOR = 16, 128
"""Photos that go through the networks together."""

Made = TypeVar("Made")

Scorer = Callable[[Looked, Sequence[Tensor | None] | None], Answer]
"""From what was found in one photo, and the cosines of its evidence with the gallery, to an answer."""

Checker = Callable[[Looked, Sequence[Tensor | None] | None], ClaimCheck]
"""The same, of what does not go by the photo's file, to how the position that the file states stands against it."""


@dataclass(frozen=True)
class Outcome:
    """What came of one photo of many.

    Attributes:
        result: Its answer, or why there is none.
        exif: What its file says; None where it could not be opened.
        aside: What the caller had made of the photo beside the answer, such as a thumbnail.
        check: The position that the file states, held against all other evidence, or why it cannot be; None where the
            file states none or nobody asked.
    """

    result: Answer | GeoclipError
    exif: ExifRecord | None = None
    aside: Any = None
    check: ClaimCheck | GeoclipError | None = None


def answer_many(
    photos: Iterable[PhotoSource | Photo],
    sources: Sources,
    score: Scorer,
    gallery: Gallery,
    *,
    crops: int = 1,
    aside: Callable[[Photo], Any] | None = None,
    check: Checker | None = None,
    batch: int | None = None,
    pause: Callable[[], None] | None = None,
) -> Iterator[Outcome]:
    """Answer each of many photos.

    Args:
        photos: What ``photo.decode.open_photo`` takes; read as far ahead as two batches.
        sources: The sources that are asked.
        score: Makes the answer; called in several threads.
        gallery: The points that are compared.
        crops: 1, or 10.
        aside: See ``Locator.outcomes``.
        check: Holds a position that a file states against the rest; called in several threads.
        batch: Photos that go through the networks together; by default as many as suit the gallery's device.
        pause: See ``Locator.outcomes``.

    Returns:
        One outcome for each photo, in order. Closing the iterator ends the work.
    """
    # Ten crops of a photo are ten pictures.
    size = max(1, (batch or batch_size(gallery)) // crops)
    groups = grouped(photos, size)
    return answer_groups(groups, sources, score, gallery, crops=crops, aside=aside, check=check, pause=pause)


def batch_size(gallery: Gallery) -> int:
    """Photos that go through the networks together on the device of a gallery."""
    return ON_PROCESSOR if gallery.vectors.device.type == "cpu" else ON_ACCELERATOR


def answer_groups(
    groups: Iterable[Sequence[PhotoSource | Photo]],
    sources: Sources,
    score: Scorer,
    gallery: Gallery,
    *,
    crops: int = 1,
    aside: Callable[[Photo], Any] | None = None,
    check: Checker | None = None,
    pause: Callable[[], None] | None = None,
) -> Iterator[Outcome]:
    """As :func:`answer_many`, where the caller says which photos go through the networks together.

    The last bits of a matrix product depend on how many are multiplied at a time: equal groups have equal answers.

    Args:
        groups: Photos that go through the networks together; read two groups ahead.
        sources: As for :func:`answer_many`, and so are all others.
        score: Makes the answer.
        gallery: The points that are compared.
        crops: 1, or 10.
        aside: See ``Locator.outcomes``.
        check: As for :func:`answer_many`.
        pause: See ``Locator.outcomes``.
    """
    apart = sources.without_file() if check is not None else None
    pool = decoding_pool(gives_way=pause is not None)
    waiting: list[Future[Outcome]] = []
    try:
        for viewed in made_ahead(groups, lambda photo: _view(photo, sources, apart, crops, aside, pause), pool):
            # The group before is scored while the networks look at this one.
            before, waiting = waiting, _scored(pool, viewed, gallery, score, check)
            for made in before:
                yield made.result()
        for made in waiting:
            yield made.result()
    finally:
        pool.shutdown(wait=False, cancel_futures=True)


@dataclass(frozen=True)
class _Viewed:
    """One photo after its decoding: what the sources will look at, or why it cannot be opened.

    Attributes:
        looked: By all sources.
        apart: By those that do not go by the file, where it states a position that is to be checked.
        aside: See :class:`Outcome`.
        error: Why it cannot be opened.
    """

    looked: Looked | None = None
    apart: Looked | None = None
    aside: Any = None
    error: GeoclipError | None = None


_Settled = tuple[Looked, Sequence[Tensor | None]]


def _view(
    source: PhotoSource | Photo,
    sources: Sources,
    apart: Sources | None,
    crops: int,
    aside: Callable[[Photo], Any] | None,
    pause: Callable[[], None] | None,
) -> _Viewed:
    try:
        if pause is not None:
            pause()
        photo = source if isinstance(source, Photo) else open_photo(source, pixels_needed=False)
        seen: dict[str, Finding | Outstanding] = {}
        looked = sources.view(photo, crops, seen=seen, pause=pause)
        stated = apart is not None and looked.exif.latlon is not None
        others = apart.view(photo, crops, seen=seen, pause=pause) if apart is not None and stated else None
        return _Viewed(looked, others, aside(photo) if aside is not None else None)
    except Exception as error:  # noqa: BLE001 - one photo must not end the work on all others
        return _Viewed(error=_named(error))


def _scored(
    pool: ThreadPoolExecutor, viewed: Sequence[_Viewed], gallery: Gallery, score: Scorer, check: Checker | None
) -> list[Future[Outcome]]:
    """Let the networks look at a group, and have its answers made."""
    views = [look for made in viewed for look in (made.looked, made.apart) if look is not None]
    looked = look_together(views)
    parts = [[part for finding in one.found for part in finding.evidence] for one in looked]
    settled = iter(zip(looked, cosines_together(parts, gallery), strict=True))
    return [
        pool.submit(
            _score,
            made,
            next(settled) if made.looked is not None else None,
            next(settled) if made.apart is not None else None,
            score,
            check,
        )
        for made in viewed
    ]


def _score(
    made: _Viewed, looked: _Settled | None, apart: _Settled | None, score: Scorer, check: Checker | None
) -> Outcome:
    if looked is None:
        return Outcome(made.error or GeoclipError("The photo could not be looked at"))
    checked = _tried(check, *apart) if check is not None and apart is not None else None
    return Outcome(_tried(score, *looked), looked[0].exif, made.aside, checked)


def _tried(
    work: Callable[[Looked, Sequence[Tensor | None] | None], Made], looked: Looked, cosines: Sequence[Tensor | None]
) -> Made | GeoclipError:
    try:
        return work(looked, cosines)
    except Exception as error:  # noqa: BLE001 - one photo must not end the work on all others
        return _named(error)


def _named(error: Exception) -> GeoclipError:
    """The error itself where it was raised on purpose, else one that says what went wrong."""
    if isinstance(error, GeoclipError):
        return error
    found = GeoclipError(
        f"The photo could not be worked on ({type(error).__name__})", hint="ask about it alone to see where it fails"
    )
    found.__cause__ = error
    return found
