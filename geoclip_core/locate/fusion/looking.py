"""Asking sources of evidence about photos: one, or many together."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Any

from geoclip_core.earth.regions import Region
from geoclip_core.evidence.source import EvidenceSource, Finding
from geoclip_core.photo.decode import Photo
from geoclip_core.photo.exif import ExifRecord, read_exif


@dataclass(frozen=True)
class Outstanding:
    """A photo's view that waits for its source to look at several together.

    Attributes:
        source: The source.
        view: What it will look at.
    """

    source: EvidenceSource
    view: Any


@dataclass(frozen=True)
class Looked:
    """What the sources found in one photo; it holds none of the photo's pixels.

    Attributes:
        found: By the sources that the answer rests on, in their order.
        beside: By those whose findings are only shown.
        exif: What the photo's file says.
        notes: What was done to the pixels.
        names: Of the sources of ``found`` and then ``beside``.
        unneeded: Names of the sources that were not asked since a stronger one had spoken.
        key: The same for the same photo; "" where nobody asked.
        waiting: By place in ``found`` and then ``beside``, what is still to be looked at.
    """

    found: tuple[Finding, ...]
    beside: tuple[Finding, ...]
    exif: ExifRecord
    notes: tuple[str, ...] = ()
    names: tuple[str, ...] = ()
    unneeded: tuple[str, ...] = ()
    key: str = ""
    waiting: tuple[tuple[int, Outstanding], ...] = ()


@dataclass(frozen=True)
class Sources:
    """The sources of a model that one question is put to.

    Attributes:
        asked: Those that the answer rests on, in order; see :class:`EvidenceSource` for fallbacks.
        shown: Those whose findings are only shown.
        left_out: Those that the caller does not want to be asked.
    """

    asked: tuple[EvidenceSource, ...]
    shown: tuple[EvidenceSource, ...] = ()
    left_out: tuple[EvidenceSource, ...] = ()

    def without(self, names: Collection[str]) -> Sources:
        """All but the named ones."""
        return Sources(
            tuple(source for source in self.asked if source.name not in names),
            tuple(source for source in self.shown if source.name not in names),
            tuple(source for source in (*self.asked, *self.shown) if source.name in names),
        )

    def without_file(self) -> Sources:
        """Only those that do not go by what a photo's file says of itself."""
        return Sources(
            tuple(source for source in self.asked if not source.reads_file),
            tuple(source for source in self.shown if not source.reads_file),
        )

    def view(
        self,
        photo: Photo,
        crops: int = 1,
        *,
        key: str = "",
        seen: dict[str, Finding | Outstanding] | None = None,
        pause: Callable[[], None] | None = None,
    ) -> Looked:
        """Ask about one photo what can be answered for it alone; safe in several threads at a time.

        Args:
            photo: The decoded photo; nothing of its pixels is kept but the sources' views.
            crops: 1, or 10 for the paper's ten-crop evaluation.
            key: See :class:`Looked`.
            seen: What sources have seen in this photo already, by name; they are not asked again, and what others
                see is added.
            pause: Called before each source looks; it may wait, so that other work goes first.
        """
        waiting: list[tuple[int, Outstanding]] = []
        known = {} if seen is None else seen

        def ask(source: EvidenceSource, place: int) -> Finding:
            if source.name not in known:
                if pause is not None:
                    pause()
                made = source.view(photo, crops)
                known[source.name] = made if isinstance(made, Finding) else Outstanding(source, made)
            found = known[source.name]
            if isinstance(found, Finding):
                return found
            waiting.append((place, found))
            return Finding()

        found: list[Finding] = []
        asked: list[str] = []
        spoken: set[str] = set()
        unneeded: list[str] = []
        for source in self.asked:
            if source.fallback and spoken - source.beside:
                unneeded += [source.name] if looks_at_photos(source) else []
                continue
            before = len(waiting)
            found.append(ask(source, len(found)))
            asked.append(source.name)
            if found[-1].evidence or len(waiting) > before:
                spoken.add(source.name)
        beside = [ask(source, len(found) + number) for number, source in enumerate(self.shown)]
        names = (*asked, *(source.name for source in self.shown))
        said = tuple(found), tuple(beside), read_exif(photo), photo.notes
        return Looked(*said, names, tuple(unneeded), key, tuple(waiting))

    def read(self, text: str, region: Region | None = None) -> list[tuple[str, Finding]]:
        """What they find in a text, with their names; they are told where the search is restricted to."""
        found: list[tuple[str, Finding]] = []
        for source in self.asked:
            if not (source.fallback and {name for name, finding in found if finding.evidence} - source.beside):
                found.append((source.name, source.text(text, region)))
        return found


def looks_at_photos(source: EvidenceSource) -> bool:
    """Whether a source looks at photos at all."""
    kind = type(source)
    return kind.photo is not EvidenceSource.photo or kind.view is not EvidenceSource.view


def reads_texts(source: EvidenceSource) -> bool:
    """Whether a source reads texts at all."""
    return type(source).text is not EvidenceSource.text


def look_together(looked: Sequence[Looked]) -> list[Looked]:
    """Look at what is outstanding, all photos of one source at once; a view that several wait for is looked at once."""
    by_source: dict[int, dict[int, Outstanding]] = {}
    for photo in looked:
        for _, out in photo.waiting:
            by_source.setdefault(id(out.source), {})[id(out)] = out
    findings: dict[int, Finding] = {}
    for views in by_source.values():
        source = next(iter(views.values())).source
        findings |= zip(views, source.look([out.view for out in views.values()]), strict=True)
    results = [[*photo.found, *photo.beside] for photo in looked]
    for number, photo in enumerate(looked):
        for place, out in photo.waiting:
            results[number][place] = findings[id(out)]
    return [_settled(photo, findings) for photo, findings in zip(looked, results, strict=True)]


def _settled(photo: Looked, findings: Iterable[Finding]) -> Looked:
    every, asked = tuple(findings), len(photo.found)
    return replace(photo, found=every[:asked], beside=every[asked:], waiting=())
