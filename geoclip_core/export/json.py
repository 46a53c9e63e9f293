"""An answer as plain JSON types: what ``--json`` prints and the HTTP service sends."""

from __future__ import annotations

from typing import Any

from geoclip_core.export.photo_columns import photo_dict
from geoclip_core.export.rows import candidate_rows
from geoclip_core.locate.answer import Answer


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
        "calibrated": False,
        "candidates": [
            {"latlon": list(candidate.latlon), **row}
            for candidate, row in zip(answer.candidates, candidate_rows(answer), strict=True)
        ],
        "notes": list(answer.notes),
        "warnings": list(answer.warnings),
        "photos": [photo_dict(record) for record in answer.exif],
    }
