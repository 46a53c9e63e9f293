"""Calibrate a model on questions with known answers: texts, photos, or views from above."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
from tqdm import tqdm

from geoclip_core.errors import DataError, GeoclipError, NoEvidenceError, QueryError
from geoclip_core.evaluation.calibration import (
    calibration_error,
    calibration_error_by_chance,
    coverage,
    reliability,
)
from geoclip_core.evaluation.calibration_file import Calibration, KindCalibration
from geoclip_core.evaluation.tempering import CrossFit, Tempering, cross_fit, halves
from geoclip_core.learning.overhead.protocol import VIEW_COUNT
from geoclip_core.learning.overhead.raster import find_raster
from geoclip_core.locate.fusion.fuse import gather
from geoclip_core.locate.fusion.looking import look_together
from geoclip_core.locate.locator import Locator
from geoclip_core.text.cleaning import clean_text
from training.benchmarks.calibration.parts import parts_of
from training.benchmarks.calibration.questions import (
    Question,
    is_text_table,
    photo_questions,
    spread_over,
    text_questions,
    view_questions,
)
from training.benchmarks.calibration.witness import PriorDensity, Witness, outcomes_of, places_of, witness_of

LEAST_QUESTIONS = 100
"""A kind of evidence of which fewer questions are known is not fitted by itself."""

REGIONS = (0.5, 0.9)
_MOST_REGIONS = 400  # questions whose regions are measured, of each kind
_HIDDEN = ("metadata", "caption", "signs", "scenes")
"""What a photo's file says is the truth here, not evidence; signs and scenes have a reliability of their own."""
_HAND_MADE = ("text",)
"""Kinds of evidence whose weights are scores set by hand, of which each alternative keeps a share."""
_RIGHT = "within 25 km of the first place, or within the place's own radius, or the question's own tolerance"


def listen(
    locator: Locator, questions: Iterator[Question], total: int, what: str, passed_over: dict[str, str]
) -> list[Witness]:
    """The evidence of all questions that one source answers, with a progress bar.

    A question that means no place has its truth nowhere; it counts as wrong, whatever is answered.

    Args:
        locator: The model.
        questions: See ``questions.py``.
        total: How many; 0 where that is not known.
        what: For the bar.
        passed_over: Gets the questions without an answer that can be calibrated.
    """
    heard = []
    for question in tqdm(questions, desc=what, unit="question", total=total or None):
        try:
            words = clean_text(question.text) if question.text is not None else None
            photos = [question.photo] if question.photo is not None else []
            sources = locator.asked.without(_HIDDEN if photos else ())
            found = gather(sources, look_together([sources.view(photo) for photo in photos]), words)
        except (NoEvidenceError, QueryError):
            passed_over[question.name] = "no evidence in it"
            continue
        witness = witness_of(locator, found.evidence, question)
        if witness is None:
            passed_over[question.name] = "several kinds of evidence, or a position that is stated"
            continue
        heard.append(witness)
    return heard


def fit_kinds(locator: Locator, heard: list[Witness], of: str, data: str) -> dict[str, KindCalibration]:
    """Fit every kind of evidence of which enough is known, and all kinds of one source together.

    Args:
        locator: The model, uncalibrated.
        heard: Of :func:`listen`.
        of: What was asked, in words.
        data: Names of the data.

    Raises:
        DataError: There are too few questions.
    """
    families: dict[str, list[Witness]] = {}
    for witness in heard:
        family = witness.part.family
        families.setdefault(family, []).append(witness)
        if ":" in family:
            families.setdefault(family.partition(":")[0], []).append(witness)
    prior = PriorDensity(locator.gallery)
    fitted = {
        family: fit_kind(part, prior, of, data)
        for family, part in sorted(families.items())
        if len(part) >= LEAST_QUESTIONS and len({w.group for w in part}) > 1
    }
    if fitted:
        return fitted
    counts = ", ".join(f"{len(part)} of {family}" for family, part in families.items()) or "none"
    alone = next((part[0].group for part in families.values() if len(part) >= LEAST_QUESTIONS), None)
    if alone is not None:
        raise DataError(
            f"All {of} are of one group, {alone!r} ({counts}): what is fitted on one half could not be measured on "
            "another, since the photos of one photographer are never divided",
            allowed="photos of two photographers or more",
            hint="add photos of others, or name the photographers in a column author",
        )
    raise DataError(
        f"There are too few questions with evidence: {counts}",
        allowed=f"at least {LEAST_QUESTIONS} of a kind, of two groups or more",
        hint="give more photos or texts, with known positions",
    )


def fit_kind(heard: list[Witness], prior: PriorDensity, of: str, data: str) -> KindCalibration:
    """Fit one kind of evidence, with figures of each half under what was fitted on the other."""
    alternatives, log_prior = outcomes_of(heard)
    groups = np.array([witness.group for witness in heard])
    first = halves(groups)
    hand_made = heard[0].part.kind in _HAND_MADE
    fit = cross_fit(alternatives.of, log_prior, first, places_of(heard, prior), hand_made)
    said, right = _answers(heard, first, fit)
    told = np.array([witness.first_place(Tempering()) for witness in heard])
    rng = np.random.default_rng(0)
    chosen = np.sort(rng.permutation(len(heard))[:_MOST_REGIONS])
    before = [heard[i].mass_before(fit.held_out[0 if first[i] else 1], prior, rng) for i in chosen]
    return KindCalibration(
        temperature=fit.tempering.temperature,
        prior_share=fit.tempering.prior_share,
        of=of,
        data=data,
        questions=len(heard),
        groups=len(np.unique(groups)),
        date=datetime.now(UTC).date().isoformat(),
        right=_RIGHT,
        table=reliability(said, right),
        ece=calibration_error(said, right),
        ece_before=calibration_error(told[:, 0], told[:, 1]),
        ece_by_chance=calibration_error_by_chance(said),
        coverage={f"{100 * level:g}": coverage(before, level)[0] for level in REGIONS},
        log_likelihood=(fit.before, fit.after),
        log_density=fit.places,
        parts=parts_of(heard, said, right, prior),
        kept=fit.tempering.kept,
    )


def _answers(heard: list[Witness], first: np.ndarray, fit: CrossFit) -> tuple[np.ndarray, np.ndarray]:
    """Confidence and rightness of every question under what was fitted on the other half."""
    found = [witness.first_place(fit.held_out[0 if half else 1]) for witness, half in zip(heard, first, strict=True)]
    return np.array([said for said, _ in found]), np.array([right for _, right in found], dtype=np.float64)


def report(calibration: Calibration) -> list[str]:
    """A calibration in lines of plain text."""
    lines = []
    for family, kind in calibration.kinds.items():
        mean, most = kind.ece_by_chance
        lines += [
            f"{family}: {kind.questions} {kind.of} ({kind.groups} groups) of {kind.data}",
            f"  temperature {kind.temperature:.2f}, kept {kind.kept:.1%}, anywhere {kind.prior_share:.1%}",
            f"  log-likelihood of held-out outcomes {kind.log_likelihood[0]:.3f} -> {kind.log_likelihood[1]:.3f}; "
            f"logarithm of the density at held-out truths, per km2, {kind.log_density[0]:.2f} -> "
            f"{kind.log_density[1]:.2f}",
            f"  calibration error {kind.ece_before:.3f} -> {kind.ece:.3f}; by chance {mean:.3f}, 95 % below {most:.3f}",
            "  truths in the regions that hold "
            + ", ".join(f"{level} %: {share:.1%}" for level, share in kind.coverage.items()),
            "  said -> right: " + ", ".join(f"{b.said:.0%} -> {b.right:.0%}" for b in kind.table),
        ]
    return lines


def calibrate_model(
    locator: Locator,
    sources: Sequence[Path],
    rasters: Sequence[str],
    passed_over: dict[str, str],
    *,
    photos: Path | None,
    limit: int,
) -> Calibration:
    """Calibrate a model on tables, folders and rasters.

    Args:
        locator: The model; what it was calibrated by before is not used.
        sources: Tables of texts or photos, or folders of photos.
        rasters: Pictures of the Earth, by name or path.
        passed_over: Gets the names of questions that could not be asked or had no answer, with the reason.
        photos: Folder of a table's images.
        limit: Questions of each table, spread over it, and views of each raster; 0 takes all, and 500 views.

    Raises:
        GeoclipError: Nothing can be read, or there is too little.
    """
    if not sources and not rasters:
        raise GeoclipError("Nothing to calibrate on was given", allowed="tables, folders of photos, or --views RASTER")
    heard: dict[str, list[Witness]] = {}
    names: dict[str, list[str]] = {}
    for source in sources:
        name = source.stem
        if not source.is_dir() and is_text_table(source):
            kind, texts = "texts", text_questions(source)
            rows = spread_over(len(texts), limit)
            if len(rows) < len(texts):
                name += f" ({len(rows):,} of its {len(texts):,} rows)"
            found = listen(locator, (texts[i] for i in rows), len(rows), source.name, passed_over)
        else:
            asked = photo_questions(source, passed_over, photos, limit)
            kind, found = "photos", listen(locator, asked, limit, source.name, passed_over)
        heard.setdefault(kind, []).extend(found)
        names.setdefault(kind, []).append(name)
    for raster in rasters:
        count = min(limit or 500, VIEW_COUNT)
        path = find_raster(raster)
        heard.setdefault("views", []).extend(
            listen(locator, view_questions(path, count), count, path.name, passed_over)
        )
        names.setdefault("views", []).append(path.stem)
    words = {"views": "views from above"}
    kinds: dict[str, KindCalibration] = {}
    for kind, witnesses in heard.items():
        kinds |= fit_kinds(locator, witnesses, words.get(kind, kind), " and ".join(names[kind]))
    return Calibration(locator.name, kinds)


def merged(old: Calibration | None, new: Calibration) -> Calibration:
    """The new calibration, with the kinds that only the old one has."""
    return replace(new, kinds={**old.kinds, **new.kinds}) if old is not None else new
