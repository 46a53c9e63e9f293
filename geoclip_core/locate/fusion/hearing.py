"""Who was asked, who had nothing to say, and where each source alone would have it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from geoclip_core.evidence.source import Report
from geoclip_core.locate.fusion.fuse import Hearing
from geoclip_core.locate.posterior import Comparison


def reports(hearings: Sequence[Hearing], compared: Comparison) -> tuple[Report, ...]:
    """The reports of all sources, with the best place of each that said something.

    Args:
        hearings: What the sources said.
        compared: What all their evidence was compared to, one row of ``logs`` per piece.
    """
    return tuple(_placed(hearing, compared) for hearing in hearings)


def _placed(hearing: Hearing, compared: Comparison) -> Report:
    if hearing.rows:
        with np.errstate(divide="ignore"):
            score = np.log(compared.prior) + compared.logs[list(hearing.rows)].sum(axis=0)
        lat, lon = compared.latlon[int(score.argmax())]
        return replace(hearing.report, best_latlon=(float(lat), float(lon)))
    for part in hearing.evidence:
        if part.points is not None:
            lat, lon = part.points[int(part.weights.argmax())]
            return replace(hearing.report, best_latlon=(float(lat), float(lon)))
    return hearing.report
