"""The picture of the comparison: each rival's mean score with its interval, as SVG."""

from __future__ import annotations

from html import escape

import numpy as np
import numpy.typing as npt

from geoclip_core.evaluation.intervals import clustered_interval
from geoclip_core.rivals.comparison.scores import Scores
from geoclip_core.rivals.comparison.table import mean_points

_LEFT, _WIDTH, _ROW, _TOP, _BOTTOM = 120, 520, 26, 44, 40
_STYLE = "font-family:sans-serif;font-size:13px;fill:#333"


def scores_picture(results: dict[str, list[Scores]], groups: npt.NDArray[np.int64], title: str) -> str:
    """A dot for each rival's mean GeoGuessr score, and a bar for its 95 % interval over groups of photos.

    Args:
        results: Scores of each seed, by name.
        groups: (m,) of the test's photos.
        title: What the photos are.

    Returns:
        SVG text.
    """
    rows = []
    for name, runs in results.items():
        points = mean_points(runs)
        rows.append((name, float(points.mean()), *clustered_interval(points, groups)))
    low = 500 * np.floor(min(row[2] for row in rows) / 500)
    high = 500 * np.ceil(max(row[3] for row in rows) / 500)

    def x(score: float) -> float:
        return float(_LEFT + _WIDTH * (score - low) / max(1.0, high - low))

    height = _TOP + _ROW * len(rows) + _BOTTOM
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_LEFT + _WIDTH + 40} {height}" role="img">',
        f"<title>{escape(title)}</title>",
        '<rect width="100%" height="100%" fill="#fff"/>',
        f'<text x="{_LEFT}" y="24" style="{_STYLE};font-weight:bold">{escape(title)}</text>',
    ]
    foot = height - _BOTTOM
    for tick in np.arange(low, high + 1, 500):
        at = f"{x(tick):.1f}"
        parts.append(f'<path d="M{at} {_TOP}V{foot + 4}" stroke="#ddd"/>')
        parts.append(f'<text x="{at}" y="{foot + 20}" text-anchor="middle" style="{_STYLE}">{tick:.0f}</text>')
    for number, (name, mean, start, end) in enumerate(rows):
        y = _TOP + _ROW * (number + 0.5)
        parts.append(
            f'<text x="{_LEFT - 10}" y="{y + 4:.1f}" text-anchor="end" style="{_STYLE}">{escape(name)}</text>'
            f'<path d="M{x(start):.1f} {y:.1f}H{x(end):.1f}" stroke="#0072b2" stroke-width="3" opacity="0.5"/>'
            f'<circle cx="{x(mean):.1f}" cy="{y:.1f}" r="5" fill="#0072b2"/>'
        )
    caption = "mean GeoGuessr score (5000 is the best); bars: 95 % interval over groups of photos"
    parts.append(f'<text x="{_LEFT}" y="{height - 4}" style="{_STYLE};font-size:11px">{caption}</text></svg>')
    return "\n".join(parts) + "\n"
