"""Many photos, each by itself, to one table; goes on where it was stopped, and every failure is a row."""

from __future__ import annotations

import threading
from collections import Counter, deque
from collections.abc import Callable, Generator, Iterable, Iterator
from contextlib import closing, suppress
from dataclasses import dataclass
from pathlib import Path

from filelock import FileLock, Timeout

from geoclip_core.earth.regions import parse_region
from geoclip_core.errors import GeoclipError, NoEvidenceError
from geoclip_core.export.parquet import ANSWERED, FAILED, NO_EVIDENCE, answer_rows, problem_row
from geoclip_core.export.rows import Row
from geoclip_core.files import Progress, printable
from geoclip_core.locate.answer import Answer
from geoclip_core.locate.candidates import MERGE_KM
from geoclip_core.locate.locator import Locator
from geoclip_core.locate.many.pipeline import Outcome, batch_size
from geoclip_core.locate.many.settings import AnswerSettings
from geoclip_core.serve.parts import Chunk, Parts, chunks
from geoclip_core.serve.photo_list import Item, PhotoList
from geoclip_core.serve.tables import check_out, join_parts

Group = tuple[Item, ...]
Work = Callable[[Iterator[Group]], Generator[list[Row], None, None]]
"""From groups of photos to the rows of each photo, in order."""


@dataclass(frozen=True)
class BatchSettings:
    """What the rows of a batch depend on besides the photos and the model.

    Attributes:
        top_k: Candidates per photo.
        region: Restriction of all of them, as text.
        merge_km: See ``Locator.locate``.
    """

    top_k: int = 5
    region: str | None = None
    merge_km: float = MERGE_KM

    def checked(self) -> AnswerSettings:
        """The settings as the locator takes them.

        Raises:
            GeoclipError: One is out of range, or the region cannot be read.
        """
        return AnswerSettings(self.top_k, parse_region(self.region) if self.region else None, self.merge_km)

    def key(self, locator: Locator) -> str:
        """All that rows depend on besides the photos: the model and the settings."""
        return f"{locator.name} {locator.gallery.key} {locator.scale!r} {self}"


def locate_batch(
    locator: Locator,
    photos: Iterable[Path | Item],
    out: Path,
    *,
    top_k: int = 5,
    region: str | None = None,
    merge_km: float = MERGE_KM,
    progress: Progress | None = None,
) -> dict[str, int]:
    """Locate many photos, each by itself, in this process.

    What is finished is kept beside ``out`` until it is whole: the same call after an interruption, also with a longer
    list, goes on where it stopped, and the result is the same to the byte.

    Args:
        locator: The model.
        photos: The photos, such as what ``list_photos`` returns; read twice.
        out: The file to write, ``.parquet`` (GeoParquet), ``.csv`` or ``.geojson``, one row per photo and candidate; a
            photo without an answer has one row with rank 0 and the reason in ``problem``.
        top_k: Candidates per photo.
        region: Restriction of all of them.
        merge_km: See ``Locator.locate``.
        progress: Told how many photos are done, and how many there are: 0 as long as they are being counted.

    Returns:
        Counts: ``answered``, ``no_evidence``, ``failed``.

    Raises:
        QueryError: ``out`` cannot be the result, or a setting is out of range; nothing is written then.
        GeoclipError: The region cannot be read, another batch writes this result, or the disk is full.
    """
    chosen = BatchSettings(top_k, region, merge_km)
    answering = chosen.checked()

    def work(groups: Iterator[Group]) -> Generator[list[Row], None, None]:
        return group_rows(locator, groups, answering)

    return run_batch(work, photos, out, chosen.key(locator), batch_size(locator.gallery), progress)


def group_rows(locator: Locator, groups: Iterable[Group], settings: AnswerSettings) -> Generator[list[Row], None, None]:
    """The rows of each photo of groups that go through the networks together, in order.

    Args:
        locator: The model.
        groups: The photos; read two groups ahead.
        settings: How places are read off.
    """
    names: deque[str] = deque()

    def sources() -> Iterator[list[object]]:
        for group in groups:
            names.extend(item.name for item in group)
            yield [item.source for item in group]

    for outcome in locator.outcomes_in_groups(sources(), settings):  # type: ignore[arg-type]
        yield _rows(names.popleft(), outcome, locator.name)


def _rows(name: str, outcome: Outcome, model: str) -> list[Row]:
    if isinstance(outcome.result, Answer):
        return answer_rows(name, outcome.result)
    status = NO_EVIDENCE if isinstance(outcome.result, NoEvidenceError) else FAILED
    return [problem_row(name, status, model, str(outcome.result), outcome.exif)]


def run_batch(
    work: Work,
    photos: Iterable[Path | Item],
    out: Path,
    settings: str,
    group: int,
    progress: Progress | None = None,
) -> dict[str, int]:
    """Have the rows of all photos made that are not yet there, and join them; see :func:`locate_batch`.

    Args:
        work: Makes rows, in this process or elsewhere.
        photos: The photos.
        out: The result.
        settings: All that rows depend on besides the photos' names.
        group: Photos per group.
        progress: Told how far it is.
    """
    check_out(out)
    parts = Parts(out)
    try:
        out.parent.mkdir(parents=True, exist_ok=True)
        lock = out.with_name(f".{out.name}.lock")
        with FileLock(lock, timeout=0):
            parts.make()
            _Run(parts, group, progress).do(work, _listed(photos), f"{settings} {group}")
            counts = join_parts((parts.part(key) for key in parts.order()), out)
            parts.clear()
            lock.unlink(missing_ok=True)
    except Timeout as error:
        raise GeoclipError(
            f"Another batch is writing {printable(out)}", hint="wait for it, or choose another path"
        ) from error
    except OSError as error:
        if isinstance(error, GeoclipError):
            raise
        raise GeoclipError(
            f"{printable(out)} cannot be written ({error})",
            hint="make room and run the same command again, or choose another path",
        ) from error
    return {status: counts[status] for status in (ANSWERED, NO_EVIDENCE, FAILED)}


def _listed(photos: Iterable[Path | Item]) -> PhotoList:
    if isinstance(photos, PhotoList):
        return photos
    return PhotoList(tuple(p if isinstance(p, Item) else Item(printable(p), str(p)) for p in photos), Counter())


@dataclass
class _Open:
    """A chunk that is being worked on, and the rows of its photos so far."""

    chunk: Chunk
    rows: list[list[Row]]


class _Run:
    """One run over a list.

    Args:
        parts: What is finished.
        group: Photos per group.
        progress: Told how far it is.
    """

    def __init__(self, parts: Parts, group: int, progress: Progress | None) -> None:
        self._parts, self._group, self._progress = parts, group, progress
        self._waiting: deque[_Open] = deque()
        self._done = self._total = 0

    def do(self, work: Work, photos: PhotoList, settings: str) -> None:
        """Make the part of each chunk of the list that has none."""
        counting = threading.Thread(target=self._count, args=(photos,), daemon=True)
        counting.start()
        with self._parts.write_order() as order, closing(work(self._groups(photos, settings, order))) as made:
            for rows in made:
                now = self._waiting[0]
                self._parts.note(now.chunk.key, rows)
                now.rows.append(rows)
                self._tell(1)
                if len(now.rows) == len(now.chunk.items):
                    self._parts.finish(now.chunk.key, self._waiting.popleft().rows)
        if self._waiting:
            raise GeoclipError("The batch ended before all photos were worked on", hint="run the same command again")

    def _groups(self, photos: PhotoList, settings: str, order: Callable[[str], None]) -> Iterator[Group]:
        """What is still to be done."""
        for chunk in chunks(photos, settings):
            order(chunk.key)
            if self._parts.is_finished(chunk.key) or any(chunk.key == other.chunk.key for other in self._waiting):
                self._tell(len(chunk.items))
                continue
            rows = self._parts.journal(chunk.key, len(chunk.items), self._group)
            self._tell(len(rows))
            if len(rows) == len(chunk.items):
                self._parts.finish(chunk.key, rows)
                continue
            self._waiting.append(_Open(chunk, rows))
            for start in range(len(rows), len(chunk.items), self._group):
                yield chunk.items[start : start + self._group]

    def _count(self, photos: PhotoList) -> None:
        """Count the list beside the work, which does not wait for it."""
        with suppress(GeoclipError, OSError):  # the work itself meets the same error, and tells it
            self._total = sum(1 for _ in PhotoList(photos.sources, Counter()))

    def _tell(self, more: int) -> None:
        self._done += more
        if self._progress and more:
            self._progress(self._done, self._total)
