"""Write docs/model_card.md and docs/location_encoder.md: what the released parts hold, by numbers.

python training/make_model_card.py card       # the gallery's bias and the shipped calibration
python training/make_model_card.py encoder    # how finely the released location encoder tells places apart
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import typer

from geoclip_core.earth.coordinates import Floats
from geoclip_core.earth.countries import country_at
from geoclip_core.earth.country_names import continents, country_codes_of
from geoclip_core.files import atomic, write_text
from geoclip_core.weights.calibration import find_calibration
from geoclip_core.weights.load import LocationEncoder, read_gallery
from geoclip_core.weights.registry import find_record
from training.benchmarks.resolution import (
    STEP_DEG,
    STEPS_KM,
    half_km,
    resolution_grid,
    resolution_picture,
    similarity,
)

ROOT = Path(__file__).resolve().parents[1]
PLACES = {
    "Boston": (42.36, -71.06),
    "Paris": (48.86, 2.35),
    "Giza": (29.98, 31.13),
    "Nairobi": (-1.29, 36.82),
    "Sahara": (23.0, 10.0),
    "Amazon": (-5.0, -63.0),
    "South Pacific": (-40.0, -130.0),
}
_CONTIGUOUS = ((24.5, -125.0), (49.4, -66.9))  # a box around the 48 states

app = typer.Typer(add_completion=False, no_args_is_help=True, help="Write what the released parts hold, by numbers.")


def shares(points: Floats) -> dict[str, float]:
    """Share of points by continent, in the contiguous United States, at sea, and of those that stand there again."""
    codes = country_at(points)
    told = {name: float(np.isin(codes, country_codes_of(code)).mean()) for code, name in continents().items()}
    (south, west), (north, east) = _CONTIGUOUS
    box = (points[:, 0] > south) & (points[:, 0] < north) & (points[:, 1] > west) & (points[:, 1] < east)
    told = dict(sorted(told.items(), key=lambda item: -item[1]))
    told["contiguous United States"] = float(((codes == "US") & box).mean())
    told["at sea, beyond 5 km"] = float((codes == "").mean())
    told["points that repeat another"] = 1 - len(np.unique(points, axis=0)) / len(points)
    return told


def calibration_lines(model: str) -> list[str]:
    """What a model's calibration says: every kind of evidence, and parts of the questions of each source."""
    found = find_calibration(model)
    kinds = found.kinds if found is not None else {}
    lines = [
        f"## Calibration of `{model}`",
        "",
        "Fitted on one half of the questions, measured on the other, by `python training/evaluate.py calibrate`.",
        *{f"Right: {kind.right}." for kind in kinds.values()},
        "Kept: share of its own score that each reading of a text keeps, so that none vanishes. Anywhere: probability "
        "that the place is none of those found, but wherever people take photos.",
        "",
        "| evidence | questions | temperature | kept | anywhere | calibration error before | after "
        "| by chance | in the 50 % region | in the 90 % region |",
        "|" + "---|" * 10,
    ]
    for family, kind in kinds.items():
        cells = [
            family,
            f"{kind.questions:,} {kind.of}",
            f"{kind.temperature:.2f}",
            f"{100 * kind.kept:.0f} %",
            f"{100 * kind.prior_share:.1f} %",
            f"{kind.ece_before:.3f}",
            f"{kind.ece:.3f}",
            f"{kind.ece_by_chance[0]:.3f}",
            *(f"{100 * share:.0f} %" for share in kind.coverage.values()),
        ]
        lines.append(f"| {' | '.join(cells)} |")
    lines.append("")
    for family, kind in kinds.items():
        if ":" in family:
            continue
        for what, parts in kind.parts.items():
            lines += [
                f"### {kind.of.capitalize()}, by {what}",
                "",
                "| part | questions | right | said | calibration error | by chance |",
                "|---|---|---|---|---|---|",
                *(
                    f"| {part.name} | {part.questions:,} | {100 * part.right:.0f} % | {100 * part.said:.0f} % | "
                    f"{part.ece:.3f} | {part.ece_by_chance:.3f} |"
                    for part in parts
                ),
                "",
            ]
    return lines


@app.command()
def card(out: Path = ROOT / "docs" / "model_card.md") -> None:
    """The gallery's bias, what was calibrated, and what was never measured."""
    points = read_gallery(find_record("geoclip"))
    lines = [
        "# Model card",
        "",
        "Made by `python training/make_model_card.py card`.",
        "",
        "## The released gallery",
        "",
        f"The {len(points):,} points that `geoclip` and `embedded` choose from. A place that photographers seldom "
        "visit is seldom in it, and answers lean the same way.",
        "",
        "| part | share of the points |",
        "|---|---|",
        *(f"| {name} | {100 * share:.1f} % |" for name, share in shares(points).items()),
        "",
        *calibration_lines("embedded"),
        "## Never measured here",
        "",
        "- `geoclip` on photos: CLIP's weights were not on the machine that made this page, so its accuracy and",
        "  calibration by continent, by country and by scene are not known here. `training/evaluate.py im2gps3k` and",
        "  `calibrate` measure them.",
        "- Answers to a photo and a text together, to several photos, and within a region.",
        "",
    ]
    write_text(out, "\n".join(lines))


@app.command()
def encoder(out: Path = ROOT / "docs" / "location_encoder.md", step_deg: float = STEP_DEG) -> None:
    """How similar the released location encoder finds a place and points around it; writes a map beside the page."""
    model = LocationEncoder.from_pretrained()
    cosines = similarity(model, np.array(list(PLACES.values())))
    lines = [
        "# What the released location encoder tells apart",
        "",
        "Made by `python training/make_model_card.py encoder`. Mean cosine over eight directions between a place and",
        "points at a distance from it, and the distance at which it has fallen to a half.",
        "",
        "| place | " + " | ".join(f"{km:g} km" for km in STEPS_KM) + " | half at |",
        "|" + "---|" * (len(STEPS_KM) + 2),
    ]
    for name, row, half in zip(PLACES, cosines, half_km(cosines), strict=True):
        lines.append(f"| {name} | " + " | ".join(f"{c:.2f}" for c in row) + f" | {half:,.0f} km |")
    grid, places = resolution_grid(model, step_deg)
    picture = out.with_name("resolution.png")
    with atomic(picture) as part:
        part.write_bytes(resolution_picture(grid))
    lines += [
        "",
        f"The same distance, over four directions, at {grid.size:,} places: dark where it is fine. That is where",
        "people take photos, but also some seas and Antarctica, where it saw hardly any and this means little.",
        "",
        f"![The world, dark where the location encoder tells near points apart]({picture.name})",
        "",
        "| part | a tenth of its area is finer than | half of it | nine tenths |",
        "|---|---|---|---|",
    ]
    codes, halves = country_at(places.reshape(-1, 2)), grid.reshape(-1)
    size = np.cos(np.radians(places.reshape(-1, 2)[:, 0]))
    parts = {name: np.isin(codes, country_codes_of(code)) for code, name in continents().items()} | {"sea": codes == ""}
    for name, rows in parts.items():
        if rows.any():
            ends = (f"{km:,.0f} km" if np.isfinite(km) else "farther" for km in shares_of(halves[rows], size[rows]))
            lines.append(f"| {name} | " + " | ".join(ends) + " |")
    write_text(out, "\n".join(lines) + "\n")


def shares_of(values: Floats, weights: Floats) -> Floats:
    """(3,) values below which a tenth, a half and nine tenths of the weight lie."""
    order = np.argsort(values)
    along = np.cumsum(weights[order]) / weights.sum()
    return np.asarray(values[order][np.minimum(np.searchsorted(along, (0.1, 0.5, 0.9)), len(values) - 1)])


if __name__ == "__main__":
    app()
