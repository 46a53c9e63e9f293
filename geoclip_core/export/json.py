"""An answer as plain JSON types: what ``--json`` prints and the HTTP service sends."""

from __future__ import annotations

from typing import Any

from geoclip_core.evidence.source import Report
from geoclip_core.export.photo_columns import photo_dict
from geoclip_core.export.rows import candidate_rows
from geoclip_core.locate.answer import Answer
from geoclip_core.places.nearest import nearest_places


def to_dict(answer: Answer) -> dict[str, Any]:
    """Everything a person would want to keep; points as [latitude, longitude] in degrees.

    Args:
        answer: The answer.
    """
    return {
        "model": answer.model,
        "evidence": [
            {"kind": e.kind, "label": e.label, "used": e.used, "latlon": e.latlon and list(e.latlon)}
            for e in answer.evidence
        ],
        "region": answer.region,
        "region_share": answer.posterior.region_share,
        "calibrated": answer.calibrated,
        "calibration": answer.calibration_text,
        "candidates": [
            {"latlon": list(candidate.latlon), **row}
            for candidate, row in zip(answer.candidates, candidate_rows(answer), strict=True)
        ],
        "countries": [{"country_code": code, "probability": share} for code, share in answer.countries],
        "notes": list(answer.notes),
        "warnings": list(answer.warnings),
        "sources": [report_dict(report) for report in answer.asked],
        "photos": [photo_dict(record) for record in answer.exif],
    }


def report_dict(report: Report) -> dict[str, Any]:
    """What came of asking one source: its outcome, its own best place, and the lines that it read.

    Args:
        report: One of ``Answer.asked``, or of ``NoEvidenceError.reports``.
    """
    best = None
    if report.best_latlon is not None:
        place = nearest_places([report.best_latlon], [0.0])[0]
        best = {"latlon": list(report.best_latlon), "place": place.name, "country_code": place.country_code}
    return {
        "source": report.source,
        "about": report.about,
        "outcome": report.outcome,
        "reason": report.reason,
        "best": best,
        "lines": [
            {
                "text": offer.text,
                "box": [list(corner) for corner in offer.box],
                "score": offer.score,
                "may_name": list(offer.names),
                "used": offer.used,
            }
            for offer in report.offers
        ],
    }
