"""How often each source speaks of the place where the photo was taken: ``assets/reliability.json``.

``training/evaluate.py photos FOLDER --write-reliability`` measures the numbers on photos with known places.
"""

from __future__ import annotations

import functools
import json
from typing import Any

from geoclip_core.files import asset_path

_UNMEASURED = 0.5


@functools.cache
def _table() -> dict[str, Any]:
    table: dict[str, Any] = json.loads(asset_path("reliability.json").read_text(encoding="utf-8"))
    return table


def reliability(source: str, band: str) -> float:
    """Probability that evidence of a source in a confidence band speaks of this place, above 0, below 1.

    Args:
        source: Name of the source.
        band: Name of the band, which the source defines.
    """
    row = _table().get(source, {}).get("bands", {}).get(band)
    return float(row["reliability"]) if row is not None else _UNMEASURED
