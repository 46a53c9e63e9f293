"""A benchmark's results as JSON, Markdown and a picture."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from html import escape
from typing import Any

import numpy as np
import numpy.typing as npt

from geoclip_core.earth.coordinates import Floats, unit_vectors
from geoclip_core.earth.distance import EARTH_RADIUS_KM
from geoclip_core.evaluation.calibration import calibration_error, calibration_error_by_chance
from geoclip_core.evaluation.intervals import clustered_interval
from geoclip_core.evaluation.metrics import THRESHOLDS_KM, error_km, within
from geoclip_core.evaluation.published import published_on
from geoclip_core.evaluation.scores import score_answers
from geoclip_core.locate.candidates import MERGE_KM
from geoclip_core.locate.gallery import Gallery
from training.benchmarks.photo_run import Answers
from training.benchmarks.photo_sets import BENCHMARKS, PhotoSet
from training.benchmarks.predictions import country_scores

LEAK_KM = 0.1
"""A gallery point nearer than this to a test photo may come from the same photo, or from one taken beside it."""

OF = ": "
"""Between model and gallery in a label, where several models were asked; a label is the gallery's name otherwise."""

Marks = npt.NDArray[np.bool_]
Names = npt.NDArray[np.str_]

_LISTED = 20
_CURVE_KM = np.geomspace(0.1, 20_000, 54)
_COLOURS = ("#1f5fa8", "#c05a00", "#2e7d4f", "#8a2d84")
_WIDTH, _HEIGHT, _LEFT, _TOP, _RIGHT, _BOTTOM = 860, 460, 64, 24, 24, 56


def score_run(
    photos: PhotoSet, answers: Answers, there: Marks, gallery: Gallery, authors: Sequence[str] | None, leaks: bool
) -> dict[str, Any]:
    """All numbers about one gallery's answers, over the photos that are there.

    Args:
        photos: All photos of the benchmark.
        answers: As many.
        there: (n,) whether each image was found.
        gallery: That the answers were chosen from.
        authors: Whose the gallery's points are, where that is known.
        leaks: Whether to look for test photos that the gallery gives away.
    """
    truth, found, sure = photos.truth[there], answers.latlon[there], answers.confidence[there]
    groups = np.array(photos.groups)[there] if photos.groups is not None else None
    told: dict[str, Any] = {
        **score_answers(found, truth, groups, sure),
        "country_accuracy": country_scores(found, truth),
    }
    right = within(error_km(found, truth), [MERGE_KM])[:, 0]
    mean, most = calibration_error_by_chance(sure)
    told["calibration_error_25km"] = {"value": calibration_error(sure, right), "by_chance": mean, "by_chance_95": most}
    if photos.scenes is not None:
        scenes = np.array(photos.scenes)[there]
        told["by_scene"] = {
            str(scene): score_answers(
                found[scenes == scene], truth[scenes == scene], None if groups is None else groups[scenes == scene]
            )
            for scene in np.unique(scenes)
        }
    if leaks:
        leaked, why = leaking(truth, groups, gallery, authors)
        clean = ~leaked
        told["leaks"] = {
            **why,
            "without": score_answers(found[clean], truth[clean], None if groups is None else groups[clean])
            if clean.any()
            else None,
        }
    return told


def leaking(
    truth: Floats, groups: Names | None, gallery: Gallery, authors: Sequence[str] | None
) -> tuple[Marks, dict[str, float | None]]:
    """Test photos within 100 m of a gallery point, or by the author of one, and the share of each.

    Args:
        truth: (n, 2) degrees.
        groups: (n,) authors of the test photos, where they are known.
        gallery: Its points.
        authors: Authors of the gallery's points, where they are known.

    Returns:
        (n,) whether each photo may leak, and shares; None for what cannot be known.
    """
    chord, _ = gallery.tree.query(unit_vectors(truth))
    near = chord <= 2 * np.sin(LEAK_KM / EARTH_RADIUS_KM / 2)
    same = np.isin(groups, list(set(authors))) if groups is not None and authors is not None else None
    leaked = near if same is None else near | same
    return leaked, {
        "within_100_m": float(near.mean()),
        "same_author": None if same is None else float(same.mean()),
        "either": float(leaked.mean()),
    }


def as_markdown(result: Mapping[str, Any]) -> str:
    """The report of a run, for people."""
    benchmark = BENCHMARKS[result["benchmark"]]
    several = any(OF in label for label in result["galleries"])
    lines = [
        f"# {benchmark.title}: {result['model']}",
        "",
        f"{result['found']} of {result['expected']} photos are there ({result['missing']} missing), "
        f"{result['crops']} crop{'s' * (result['crops'] != 1)}; {len(result['unreadable'])} could not be answered.",
        f"Intervals hold the truth in 95 % of cases and are clustered by {result['grouped_by']}.",
        "",
        f"**{result['weights']}**",
        "",
        f"| {'model: ' if several else ''}gallery | photos | "
        + " | ".join(f"{t:g} km" for t in THRESHOLDS_KM)
        + " | median, km | GeoScore |",
        "|" + "---|" * (len(THRESHOLDS_KM) + 4),
    ]
    for label, scores in result["galleries"].items():
        lines.append(f"| {label} | {_row(scores)} |")
        if scores.get("leaks") and scores["leaks"]["without"]:
            lines.append(f"| {label}, without leaks | {_row(scores['leaks']['without'])} |")
        for scene, part in scores.get("by_scene", {}).items():
            lines.append(f"| {label}, {scene} | {_row(part)} |")
    for label, scores in result["galleries"].items():
        lines += ["", f"## {label}" if several else f"## Gallery {label}", ""]
        for method, country in scores["country_accuracy"].items():
            share = f"{country['share']:.1%} of {country['questions']}"
            lines.append(f"- right country, by {method.replace('_', ' ')}: {share}")
        lines.append(f"- area under recall against area: {scores['area_under_recall']:.3f}")
        error = scores["calibration_error_25km"]
        lines.append(
            f"- calibration error of the probability within 25 km: {error['value']:.3f} "
            f"({error['by_chance']:.3f} by chance at this number)"
        )
        if scores.get("leaks"):
            leaks = scores["leaks"]
            same = "unknown" if leaks["same_author"] is None else f"{leaks['same_author']:.1%}"
            lines.append(f"- within 100 m of a gallery point: {leaks['within_100_m']:.1%}; of the same author: {same}")
    rows = published_on(result["benchmark"])
    if rows:
        lines += [
            "",
            "## Published by others",
            "",
            "With backbones, data and photo counts of their own: no comparison on equal terms.",
            "",
            "| system | " + " | ".join(f"{t:g} km" for t in THRESHOLDS_KM) + " | source |",
            "|" + "---|" * (len(THRESHOLDS_KM) + 2),
            *(f"| {r.system} | " + " | ".join(f"{s:g}" for s in r.shares) + f" | {r.source} |" for r in rows),
        ]
    if result["unreadable"]:
        lost = [f"{image} ({why})" for image, why in list(result["unreadable"].items())[:_LISTED]]
        lines += ["", f"Not answered, the first {len(lost)}: {', '.join(lost)}"]
    if result["missing_images"]:
        lines += ["", f"Missing, the first {len(result['missing_images'])}: {', '.join(result['missing_images'])}"]
    return "\n".join(lines) + "\n"


def _row(scores: Mapping[str, Any]) -> str:
    ends = scores["intervals"]["accuracy"]
    cells = [
        f"{100 * share:.1f} ({100 * ends[name][0]:.1f} to {100 * ends[name][1]:.1f})"
        for name, share in scores["accuracy"].items()
    ]
    median = scores["median_km"]
    return " | ".join(
        [
            str(scores["questions"]),
            *cells,
            "infinite" if median is None else f"{median:,.0f}",
            f"{scores['geoscore']:.0f}",
        ]
    )


def curve(errors_km: Floats, groups: Names | None) -> dict[str, list[float]]:
    """Share of photos within each distance of a logarithmic axis, with the ends of its interval."""
    owners = np.arange(len(errors_km)) if groups is None else groups
    hits = within(errors_km, _CURVE_KM)
    ends = [clustered_interval(hits[:, i], owners, samples=400) for i in range(len(_CURVE_KM))]
    return {
        "km": [float(f"{km:.6g}") for km in _CURVE_KM],
        "share": hits.mean(axis=0).tolist(),
        "low": [low for low, _ in ends],
        "high": [high for _, high in ends],
    }


def as_picture(result: Mapping[str, Any]) -> str:
    """Accuracy against distance on a logarithmic axis as SVG, intervals as bands, published systems as crosses."""
    plot_w, plot_h = _WIDTH - _LEFT - _RIGHT, _HEIGHT - _TOP - _BOTTOM
    first, last = np.log(_CURVE_KM[0]), np.log(_CURVE_KM[-1])

    def at(km: float, share: float) -> str:
        x = _LEFT + plot_w * (np.log(km) - first) / (last - first)
        return f"{x:.1f},{_TOP + plot_h * (1 - share):.1f}"

    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_WIDTH} {_HEIGHT}" font-family="sans-serif" '
        'font-size="13">',
        f'<rect width="{_WIDTH}" height="{_HEIGHT}" fill="#ffffff"/>',
    ]
    for share in (0, 0.25, 0.5, 0.75, 1):
        x1, y1 = at(_CURVE_KM[0], share).split(",")
        x2 = at(_CURVE_KM[-1], share).split(",")[0]
        parts.append(f'<path d="M{x1},{y1} L{x2},{y1}" stroke="#dddddd"/>')
        parts.append(f'<text x="{_LEFT - 8}" y="{float(y1) + 4:.1f}" text-anchor="end">{100 * share:.0f} %</text>')
    for km in (0.1, *THRESHOLDS_KM, 20_000):
        x, low = at(km, 0).split(",")
        parts.append(f'<path d="M{x},{_TOP} L{x},{low}" stroke="#dddddd"/>')
        anchor = "end" if km == 20_000 else "middle"
        parts.append(f'<text x="{x}" y="{float(low) + 18:.1f}" text-anchor="{anchor}">{km:,g} km</text>')
    for colour, (label, line) in zip(_COLOURS * 8, result["curves"].items(), strict=False):
        top = [at(km, s) for km, s in zip(line["km"], line["high"], strict=True)]
        bottom = [at(km, s) for km, s in zip(line["km"], line["low"], strict=True)]
        path = [at(km, s) for km, s in zip(line["km"], line["share"], strict=True)]
        parts.append(f'<polygon points="{" ".join(top + bottom[::-1])}" fill="{colour}" fill-opacity="0.18"/>')
        parts.append(f'<polyline points="{" ".join(path)}" fill="none" stroke="{colour}" stroke-width="2"/>')
        y = _TOP + 18 + 18 * list(result["curves"]).index(label)
        said = escape(label if OF in label else f"{result['model']}, gallery {label}")
        parts.append(f'<text x="{_LEFT + 12}" y="{y}" fill="{colour}">{said}</text>')
    for row in published_on(result["benchmark"]):
        for km, percent in zip(THRESHOLDS_KM, row.shares, strict=True):
            across, down = at(km, percent / 100).split(",")
            name = escape(f"{row.system}: {percent:g} % within {km:g} km ({row.source})")
            parts.append(f'<circle cx="{across}" cy="{down}" r="2.5" fill="#888888"><title>{name}</title></circle>')
    foot = f"{BENCHMARKS[result['benchmark']].title}, {result['found']} of {result['expected']} photos; bands: 95 %"
    parts.append(f'<text x="{_LEFT}" y="{_HEIGHT - 10}">{escape(foot)}; dots: published by others</text>')
    return "\n".join([*parts, "</svg>"]) + "\n"


def assemble(
    photos: PhotoSet,
    there: Marks,
    answers: Mapping[str, Answers],
    galleries: Mapping[str, Gallery],
    problems: Mapping[str, str],
    about: Mapping[str, Any],
    *,
    leaks: bool,
    authors: Mapping[str, Sequence[str]],
    expected: int,
) -> dict[str, Any]:
    """Everything that is told of a run, as plain values; the same run gives the same bytes.

    Args:
        photos: All photos.
        there: (n,) whether each was found.
        answers: By gallery.
        galleries: By the same labels.
        problems: By image, why there is no answer.
        about: ``model``, ``weights`` and ``crops``.
        leaks: As in :func:`score_run`.
        authors: By gallery, where they are known.
        expected: How many photos there should be.
    """
    missing = [image for image, found in zip(photos.images, there, strict=True) if not found]
    groups = np.array(photos.groups)[there] if photos.groups is not None else None
    return {
        "benchmark": photos.name,
        **about,
        "expected": expected,
        "listed": len(photos.images),
        "found": int(there.sum()),
        "missing": expected - int(there.sum()),
        "missing_images": missing[:_LISTED],
        "unreadable": dict(problems),
        "grouped_by": photos.grouped_by,
        "galleries": {
            label: score_run(photos, found, there, galleries[label], authors.get(label), leaks)
            for label, found in answers.items()
        },
        "curves": {
            label: curve(error_km(found.latlon[there], photos.truth[there]), groups) for label, found in answers.items()
        },
    }
