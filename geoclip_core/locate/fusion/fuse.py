"""From photos and a text to evidence: every source is asked, and what they find is joined."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from geoclip_core.earth.regions import Region
from geoclip_core.errors import NoEvidenceError, QueryError
from geoclip_core.evidence.source import Evidence, EvidenceNote, Finding, Report
from geoclip_core.locate.fusion.looking import Looked, Sources, looks_at_photos, reads_texts

CROPS = (1, 10)


@dataclass(frozen=True)
class Hearing:
    """What a source said of a photo or a text.

    Attributes:
        report: In words.
        rows: Rows of :attr:`Gathered.evidence` that it gave.
        evidence: What it gave that is only shown.
    """

    report: Report
    rows: tuple[int, ...] = ()
    evidence: tuple[Evidence, ...] = ()


@dataclass(frozen=True)
class Gathered:
    """What all sources found; each piece of evidence says which witness it comes from.

    Attributes:
        evidence: What the answer rests on.
        shown: Notes on what is only shown beside it.
        notes: What a careful reader should know: what was done to photos, and why something gave no evidence.
        warnings: What makes the evidence doubtful, also that which is only shown.
        hearings: Every source with every photo and text that it was to be asked about, and what came of it.
    """

    evidence: tuple[Evidence, ...]
    shown: tuple[EvidenceNote, ...]
    notes: tuple[str, ...]
    warnings: tuple[str, ...] = ()
    hearings: tuple[Hearing, ...] = ()

    def told(self) -> tuple[EvidenceNote, ...]:
        """One note for each piece of evidence, alike ones once: used ones first, then what is only shown."""
        used = {(part.kind, part.label): EvidenceNote.of(part) for part in self.evidence if part.power > 0}
        weightless = [EvidenceNote.of(part, used=False) for part in self.evidence if part.power == 0]
        return (*used.values(), *dict.fromkeys(weightless), *self.shown)


def check_settings(crops: int, text_weight: float = 0.5) -> None:
    """Refuse what :func:`gather` cannot do.

    Raises:
        QueryError: A setting out of range.
    """
    if crops not in CROPS:
        raise QueryError(f"crops is {crops}", allowed="1 or 10")
    if not 0 <= text_weight <= 1:
        raise QueryError(f"text_weight is {text_weight}", allowed="0 (photo alone) to 1 (text alone)")


def gather(
    sources: Sources,
    looked: Sequence[Looked],
    text: str | None = None,
    text_weight: float = 0.5,
    region: Region | None = None,
) -> Gathered:
    """Join what the sources found in photos of one place, and what they find in a text.

    Args:
        sources: Which are asked.
        looked: What they found in each photo, none of it outstanding; a photo given twice counts once.
        text: A cleaned text, or None.
        text_weight: 0 is the photos alone, 1 the text alone; at 0.5 both count in full.
        region: Where the search is restricted to; told to those that read the text.

    Raises:
        QueryError: No photo and no text.
        NoEvidenceError: No source found anything; the message gives their reasons.
    """
    if not looked and text is None:
        raise QueryError("Neither a photo nor a text was given", allowed="one of them, or both")
    beside: list[EvidenceNote] = []
    reasons: list[str] = []
    warnings: list[str] = []
    noted: list[str] = []
    hearings: list[Hearing] = []
    seen: list[Evidence] = []
    different = _different(looked)
    for number, photo in enumerate(different, start=1):
        witness = f"photo {number}" if len(different) > 1 else "the photo"
        heard = list(zip(photo.names, (*photo.found, *photo.beside), strict=True))
        asked, others = heard[: len(photo.found)], heard[len(photo.found) :]
        told: list[str] = []
        found = _joined(photo.found, "no evidence in this photo", reasons, told)
        hearings += _hearings(asked, witness, len(seen))
        seen += [replace(part, witness=_witness(part, witness, len(different))) for part in found]
        beside += [EvidenceNote.of(part, used=False) for finding in photo.beside for part in finding.evidence]
        told += [warning for finding in photo.beside for warning in finding.warnings]
        warnings += [f"{witness.capitalize()}: {warning}" if len(different) > 1 else warning for warning in told]
        noted += [note for _, finding in heard for note in finding.notes]
        hearings += [_shown(name, finding, witness) for name, finding in others if finding != Finding()]
        hearings += [Hearing(Report(name, witness, "unneeded")) for name in photo.unneeded]
        hearings += [Hearing(Report(s.name, witness, "left out")) for s in sources.left_out if looks_at_photos(s)]
    read: list[Evidence] = []
    if text is not None:
        named = sources.read(text, region)
        hearings += _hearings(named, "the text", len(seen))
        hearings += [Hearing(Report(s.name, "the text", "left out")) for s in sources.left_out if reads_texts(s)]
        found = _joined([finding for _, finding in named], "", reasons, warnings)
        read = [replace(part, witness="the text") for part in found]
        noted += [note for _, finding in named for note in finding.notes]
    reasons = list(dict.fromkeys(reasons))
    if not seen and not read:
        words = "; ".join(reasons)
        error = NoEvidenceError(words[0].upper() + words[1:])
        error.reports = tuple(hearing.report for hearing in hearings)
        raise error
    if seen and read:
        # Both in full in the middle; towards either end the other one fades.
        seen = [replace(part, power=part.power * min(1.0, 2 - 2 * text_weight)) for part in seen]
        read = [replace(part, power=part.power * min(1.0, 2 * text_weight)) for part in read]
    notes = [note for photo in different for note in photo.notes]
    if len(different) < len(looked):
        notes.append("The same photo was given more than once; it counts once.")
    notes += [*dict.fromkeys(noted), *reasons]
    return Gathered((*seen, *read), tuple(beside), tuple(notes), tuple(dict.fromkeys(warnings)), tuple(hearings))


def _different(looked: Sequence[Looked]) -> list[Looked]:
    """The photos, each once, by their pixels and what their files say."""
    kept: dict[str, Looked] = {}
    for photo in looked:
        kept.setdefault(photo.key, photo)
    return list(kept.values())


def _witness(part: Evidence, photo: str, photos: int) -> str:
    """What a piece comes from: the photo, or a part of it that speaks for itself."""
    if not part.witness:
        return photo
    return f"{part.witness} ({photo})" if photos > 1 else part.witness


def _joined(findings: Sequence[Finding], nothing: str, reasons: list[str], warnings: list[str]) -> list[Evidence]:
    """The evidence of one photo or text; where there is none, the sources' reasons are added in one sentence."""
    found = [part for finding in findings for part in finding.evidence]
    warnings += [warning for finding in findings for warning in finding.warnings]
    if not found:
        told = ", and ".join(finding.reason for finding in findings if finding.reason)
        told = told or "no source of evidence looks at it"
        reasons.append(f"{nothing}: {told}" if nothing else told)
    return found


def _hearings(heard: Sequence[tuple[str, Finding]], about: str, first_row: int) -> list[Hearing]:
    """What the sources said of one photo or text, each with the rows of its evidence."""
    told: list[Hearing] = []
    row = first_row
    for name, finding in heard:
        rows = tuple(range(row, row + len(finding.evidence)))
        row += len(rows)
        if finding != Finding():
            outcome = "used" if rows else "nothing"
            told.append(Hearing(Report(name, about, outcome, finding.reason, finding.offers), rows))
    return told


def _shown(name: str, finding: Finding, about: str) -> Hearing:
    outcome = "shown" if finding.evidence else "nothing"
    return Hearing(Report(name, about, outcome, finding.reason, finding.offers), (), finding.evidence)
