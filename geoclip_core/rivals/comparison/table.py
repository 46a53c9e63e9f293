"""Tables of the comparison, as Markdown."""

from __future__ import annotations

import statistics
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from geoclip_core.evaluation.intervals import Difference, paired_difference
from geoclip_core.evaluation.metrics import shares_within
from geoclip_core.rivals.comparison.scores import Scores

COLUMNS_KM = (1.0, 25.0, 200.0, 750.0, 2500.0)
REFERENCE = "geoclip"
"""The rival that the others' scores are compared with, photo by photo."""

_HEAD = (
    "rival",
    *(f"<= {km:g} km" for km in COLUMNS_KM),
    "median km",
    "score",
    f"score less {REFERENCE}'s (95 %)",
    "log-density",
    "area km2",
    "trained",
    "seconds",
    "chosen",
)


def mean_points(runs: Sequence[Scores]) -> npt.NDArray[np.float64]:
    """GeoGuessr score of each photo, averaged over the seeds."""
    return np.asarray(np.mean([run.points for run in runs], axis=0))


def difference(runs: Sequence[Scores], reference: Sequence[Scores], groups: npt.NDArray[np.int64]) -> Difference:
    """Score of one rival less another's on the same photos, with an interval that draws whole groups again."""
    return paired_difference(mean_points(runs), mean_points(reference), groups)


def scores_table(results: dict[str, list[Scores]], groups: npt.NDArray[np.int64]) -> str:
    """One row per rival.

    Percent of the photos within each distance, median error, mean GeoGuessr score with its standard deviation over the
    seeds, the difference from the reference, mean log-density at the true place (per steradian), median area searched
    until the true place is reached, how many numbers were trained, the processor's seconds of a fit, and the settings.

    Args:
        results: Scores of each seed, by name.
        groups: (m,) of the test's photos.
    """
    lines = [_line(_HEAD), _line(["---"] * len(_HEAD))]
    for name, runs in results.items():
        shares = np.mean([shares_within(run.errors_km, COLUMNS_KM) for run in runs], axis=0) * 100
        against = "-"
        if REFERENCE in results and name != REFERENCE:
            found = difference(runs, results[REFERENCE], groups)
            against = f"{found.mean:+.0f} ({found.low:+.0f} to {found.high:+.0f})"
            against = f"**{against}**" if found.decided else against
        areas = [area for run in runs for area in run.areas_km2]
        cells = [
            name,
            *(f"{share:.1f}" for share in shares),
            f"{statistics.fmean(float(np.median(run.errors_km)) for run in runs):.0f}",
            _spread([float(run.points.mean()) for run in runs], 0),
            against,
            _spread([float(np.mean(run.log_density)) for run in runs], 2),
            f"{_rounded(float(np.median(areas))):,}" if areas else "-",
            f"{runs[0].parameters:,}",
            f"{statistics.fmean(run.seconds for run in runs):.1f}",
            runs[0].settings,
        ]
        lines.append(_line(cells))
    return "\n".join(lines) + "\n"


def rules_table(results: dict[str, dict[str, list[Scores]]]) -> str:
    """One row per rival, two columns per set of made data: mean score, and mean log-density at the true place.

    Args:
        results: Scores of each seed, by set and name.
    """
    heads = ["rival", *(f"{rule}: {what}" for rule in results for what in ("score", "log-density"))]
    lines = [_line(heads), _line(["---"] * len(heads))]
    for name in dict.fromkeys(name for runs in results.values() for name in runs):
        cells = [name]
        for runs in results.values():
            if name in runs:
                cells.append(_spread([float(run.points.mean()) for run in runs[name]], 0))
                cells.append(_spread([float(np.mean(run.log_density)) for run in runs[name]], 2))
            else:
                cells += ["-", "-"]
        lines.append(_line(cells))
    return "\n".join(lines) + "\n"


def notes(results: dict[str, list[Scores]]) -> str:
    """What the rivals say of how they were fitted, as a list."""
    lines = [f"- {name}: {'; '.join(runs[0].notes)}." for name, runs in results.items() if runs[0].notes]
    return "\n".join(lines) + "\n" if lines else ""


def _spread(values: list[float], digits: int) -> str:
    mean = f"{statistics.fmean(values):.{digits}f}"
    return f"{mean} ± {statistics.stdev(values):.{digits}f}" if len(values) > 1 else mean


def _rounded(area: float) -> int:
    """Two digits that count."""
    step = 10 ** max(0, int(np.log10(max(area, 1.0))) - 1)
    return int(round(area / step) * step)


def _line(cells: Sequence[str]) -> str:
    return f"| {' | '.join(cells)} |"
