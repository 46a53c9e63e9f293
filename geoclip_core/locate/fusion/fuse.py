"""From photos and a text to evidence: every source is asked, and what they find is joined."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, replace
from functools import partial

from geoclip_core.errors import NoEvidenceError, QueryError
from geoclip_core.evidence.source import Evidence, EvidenceNote, EvidenceSource, Finding
from geoclip_core.photo.decode import Photo

CROPS = (1, 10)


@dataclass(frozen=True)
class Gathered:
    """What all sources found; each piece of evidence says which witness it comes from.

    Attributes:
        evidence: What the answer rests on.
        shown: Notes on what is only shown beside it.
        notes: What a careful reader should know: what was done to photos, and why something gave no evidence.
        warnings: What makes the evidence doubtful, also that which is only shown.
    """

    evidence: tuple[Evidence, ...]
    shown: tuple[EvidenceNote, ...]
    notes: tuple[str, ...]
    warnings: tuple[str, ...] = ()

    def told(self) -> tuple[EvidenceNote, ...]:
        """One note for each piece of evidence, alike ones once: used ones first, then what is only shown."""
        used = {(part.kind, part.label): EvidenceNote.of(part) for part in self.evidence if part.power > 0}
        weightless = [EvidenceNote.of(part, used=False) for part in self.evidence if part.power == 0]
        return (*used.values(), *dict.fromkeys(weightless), *self.shown)


def gather(
    sources: Sequence[EvidenceSource],
    shown: Sequence[EvidenceSource],
    photos: Sequence[Photo],
    text: str | None,
    *,
    crops: int = 1,
    text_weight: float = 0.5,
    without: Collection[str] = (),
) -> Gathered:
    """Ask all sources about the photos and the text.

    Args:
        sources: Those that the answer rests on, in order; see :class:`EvidenceSource` for fallbacks.
        shown: Those whose findings are only shown.
        photos: Photos of one place.
        text: A cleaned text, or None.
        crops: 1, or 10 for the paper's ten-crop evaluation.
        text_weight: 0 is the photos alone, 1 the text alone; at 0.5 both count in full.
        without: Names of sources that are not asked.

    Raises:
        QueryError: No photo and no text, or a setting out of range.
        NoEvidenceError: No source found anything; the message gives their reasons.
    """
    if crops not in CROPS:
        raise QueryError(f"crops is {crops}", allowed="1 or 10")
    if not 0 <= text_weight <= 1:
        raise QueryError(f"text_weight is {text_weight}", allowed="0 (photo alone) to 1 (text alone)")
    if not photos and text is None:
        raise QueryError("Neither a photo nor a text was given", allowed="one of them, or both")
    asked = [source for source in sources if source.name not in without]
    others = [source for source in shown if source.name not in without]
    beside: list[EvidenceNote] = []
    reasons: list[str] = []
    warnings: list[str] = []
    seen: list[Evidence] = []
    different = _different(photos)
    for number, photo in enumerate(different, start=1):
        witness = f"photo {number}" if len(different) > 1 else "the photo"
        told: list[str] = []
        found = _ask(asked, partial(_in_photo, photo, crops), "no evidence in this photo", reasons, told)
        seen += [replace(part, witness=_witness(part, witness, len(different))) for part in found]
        beside_it = [source.photo(photo, crops) for source in others]
        beside += [EvidenceNote.of(part, used=False) for finding in beside_it for part in finding.evidence]
        told += [warning for finding in beside_it for warning in finding.warnings]
        warnings += [f"{witness.capitalize()}: {warning}" if len(different) > 1 else warning for warning in told]
    read: list[Evidence] = [] if text is None else _ask(asked, lambda source: source.text(text), "", reasons, warnings)
    read = [replace(part, witness="the text") for part in read]
    reasons = list(dict.fromkeys(reasons))
    if not seen and not read:
        words = "; ".join(reasons)
        raise NoEvidenceError(words[0].upper() + words[1:])
    if seen and read:
        # Both in full in the middle; towards either end the other one fades.
        seen = [replace(part, power=part.power * min(1.0, 2 - 2 * text_weight)) for part in seen]
        read = [replace(part, power=part.power * min(1.0, 2 * text_weight)) for part in read]
    notes = [note for photo in different for note in photo.notes]
    if len(different) < len(photos):
        notes.append("The same photo was given more than once; it counts once.")
    return Gathered((*seen, *read), tuple(beside), (*notes, *reasons), tuple(dict.fromkeys(warnings)))


def _different(photos: Sequence[Photo]) -> list[Photo]:
    """The photos, each once, by their pixels and what their files say."""
    kept: dict[str, Photo] = {}
    for photo in photos:
        kept.setdefault(photo.key, photo)
    return list(kept.values())


def _witness(part: Evidence, photo: str, photos: int) -> str:
    """What a piece comes from: the photo, or a part of it that speaks for itself."""
    if not part.witness:
        return photo
    return f"{part.witness} ({photo})" if photos > 1 else part.witness


def _in_photo(photo: Photo, crops: int, source: EvidenceSource) -> Finding:
    return source.photo(photo, crops)


def _ask(
    sources: Sequence[EvidenceSource],
    look: Callable[[EvidenceSource], Finding],
    nothing: str,
    reasons: list[str],
    warnings: list[str],
) -> list[Evidence]:
    """What the sources find in one photo or text; where that is nothing, their reasons are added in one sentence."""
    found: list[Evidence] = []
    why: list[str] = []
    for source in sources:
        if source.fallback and found:
            continue
        finding = look(source)
        found += finding.evidence
        warnings += finding.warnings
        why += [finding.reason] if finding.reason else []
    if not found:
        told = ", and ".join(why) or "no source of evidence looks at it"
        reasons.append(f"{nothing}: {told}" if nothing else told)
    return found
