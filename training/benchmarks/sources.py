"""What single sources of evidence know of ordinary photos with known places: ``training/evaluate.py photos``.

A folder holds photos, and ``photos.csv`` (in it or beside it) with columns ``image``, ``latitude``, ``longitude`` and,
where it is known, ``owner``: photos of one person are of one trip, so intervals draw whole persons (Hesterberg 2015).
"""

from __future__ import annotations

import csv
import datetime
import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Annotated, Any

import numpy as np
import numpy.typing as npt
import typer
from tqdm import tqdm

from geoclip_core.earth.distance import great_circle_km
from geoclip_core.errors import GeoclipError, NoEvidenceError, QueryError
from geoclip_core.evaluation.intervals import clustered_interval
from geoclip_core.evidence.registry import SOURCES
from geoclip_core.evidence.source import Evidence
from geoclip_core.files import write_json
from geoclip_core.locate.density import ComparedPoints
from geoclip_core.locate.load import load_locator
from geoclip_core.locate.locator import Locator

CHOICES = {"signs": ("signs",), "scenes": ("scenes",), "all": ("signs", "overhead", "scenes")}
"""Sources that each choice asks; what a photo's file says is never asked, since it would tell the answer."""

NEAR_KM = 750.0
WIDE_KM = 2500.0
GAIN_KM = 25.0  # radius around the truth whose probability is compared with that by the prior alone
_COVERAGES = (1.0, 2.0, 3.5, 5.0, 10.0, 20.0, 50.0)  # percent of all photos, of which the surest answers are looked at
_PSEUDO = 1.0  # of a hit and of a miss that every band starts with, so that a few photos make no certainty


@dataclass(frozen=True)
class Measured:
    """One photo.

    Attributes:
        owner: Who took it.
        answered: Whether a source had anything to say.
        error_km: Of the first candidate; infinite without an answer.
        claim: Probability within 750 km of the first candidate; 0 without an answer.
        gain: Logarithm of how much likelier the true place is than by the prior alone; 0 without an answer.
        bands: Source, confidence band and weight of each piece of evidence, and how much likelier it alone makes the
            true place than the prior does.
        wide: Whether it is a map of regions, with no place that any evidence names.
    """

    owner: str
    answered: bool
    error_km: float = math.inf
    claim: float = 0.0
    gain: float = 0.0
    bands: tuple[tuple[str, str, float, float], ...] = ()
    wide: bool = False


def read_photos(folder: Path) -> list[tuple[Path, tuple[float, float], str]]:
    """Photos of a folder that its table knows: path, latitude and longitude in degrees, owner.

    Raises:
        QueryError: There is no table, a column is missing, or no photo of the table is there.
    """
    table = next((place / "photos.csv" for place in (folder, folder.parent) if (place / "photos.csv").is_file()), None)
    allowed = "a folder of photos with photos.csv in it or beside it: image, latitude, longitude, owner"
    if table is None:
        raise QueryError(f"{folder} has no photos.csv", allowed=allowed)
    with table.open(encoding="utf-8-sig", newline="") as stream:
        rows = list(csv.DictReader(stream))
    if not rows or not {"image", "latitude", "longitude"} <= set(rows[0]):
        raise QueryError(f"{table} lacks a column", allowed=allowed)
    folders = [folder, folder / "photos"]
    found = []
    for row in rows:
        path = next((place / row["image"] for place in folders if (place / row["image"]).is_file()), None)
        if path is not None:
            owner = row.get("owner") or row["image"]
            found.append((path, (float(row["latitude"]), float(row["longitude"])), owner))
    if not found:
        raise QueryError(f"None of the photos of {table} is in {folder}", allowed=allowed)
    return found


def measure(locator: Locator, path: Path, truth: tuple[float, float], owner: str, sources: Sequence[str]) -> Measured:
    """Ask about one photo."""
    try:
        answer = locator.locate(photo=path, without=[name for name in SOURCES if name not in sources])
    except NoEvidenceError:
        return Measured(owner, False)
    best, gallery, found = answer.candidates[0].latlon, locator.gallery, answer.posterior
    claim = float(found.probability[great_circle_km(best, found.latlon) <= NEAR_KM].sum())
    away = great_circle_km(truth, found.latlon)
    around = away <= max(GAIN_KM, float(away[: len(gallery)].min()))
    prior = float(gallery.weights[around[: len(gallery)]].sum() / gallery.weights.sum())
    gain = math.log(max(float(found.probability[around].sum()), 1e-12) / prior)
    pieces = tuple(
        (part.kind, part.band, part.reliability, _share(locator, part, around[: len(gallery)]) / prior)
        for part in answer.query.evidence
    )
    return Measured(owner, True, float(great_circle_km(best, truth)), claim, gain, pieces, answer.only_regions)


def _share(locator: Locator, part: Evidence, around: npt.NDArray[np.bool_]) -> float:
    """Probability of some points of the gallery by a piece of evidence alone, were it fully reliable."""
    weights = locator.gallery.weights
    points = ComparedPoints(locator.gallery, np.zeros((0, 2)), locator.encoder)
    density = points.density(replace(part, reliability=1.0), locator.scale, weights)
    return float((density * weights)[around].sum())


def report(measured: Sequence[Measured]) -> str:
    """Coverage, accuracy, likelihood gain, and claims against hits, as a table."""
    owners = np.array([m.owner for m in measured])
    answered = np.array([m.answered for m in measured])
    errors = np.array([m.error_km for m in measured])
    rows: list[tuple[str, np.ndarray, np.ndarray, str]] = [
        ("answered", answered * 100.0, owners, "%"),
        ("likelihood gain, all photos", np.array([m.gain for m in measured]), owners, " nats"),
    ]
    if answered.any():
        who = owners[answered]
        rows += [
            ("of these within 750 km", (errors[answered] <= NEAR_KM) * 100.0, who, "%"),
            ("of these within 2500 km", (errors[answered] <= WIDE_KM) * 100.0, who, "%"),
            ("claimed within 750 km", np.array([m.claim for m in measured if m.answered]) * 100.0, who, "%"),
            ("likelihood gain, answered", np.array([m.gain for m in measured if m.answered]), who, " nats"),
        ]
        rows += _surest(measured, owners)
        wide = np.array([m.wide for m in measured])
        for kind, chosen in (("a place", answered & ~wide), ("a wide map", answered & wide)):
            if chosen.any() and not chosen[answered].all():
                rows.append((f"answered by {kind}", chosen * 100.0, owners, "%"))
                for km in (NEAR_KM, WIDE_KM):
                    rows.append((f"  within {km:.0f} km", (errors[chosen] <= km) * 100.0, owners[chosen], "%"))
        sure = np.array([m.claim >= 0.3 for m in measured]) & answered
        if sure.any():
            claims = np.array([m.claim for m in measured])
            rows += [
                ("claims of 0.3 and more", claims[sure] * 100.0, owners[sure], "%"),
                ("hits of these", (errors[sure] <= NEAR_KM) * 100.0, owners[sure], "%"),
            ]
    lines = [f"{len(measured)} photos by {len(set(owners.tolist()))} photographers, 95 % intervals over photographers"]
    for name, values, who, unit in rows:
        low, high = clustered_interval(values, who)
        digits = 2 if "nats" in unit else 1
        lines.append(
            f"{name:28} {values.mean():8.{digits}f}{unit}  ({low:.{digits}f} to {high:.{digits}f}; n = {len(values)})"
        )
    return "\n".join(lines)


def _surest(measured: Sequence[Measured], owners: np.ndarray) -> list[tuple[str, np.ndarray, np.ndarray, str]]:
    """How often the answers that claim most are right, by how many of all photos they answer."""
    claims, errors = np.array([m.claim for m in measured]), np.array([m.error_km for m in measured])
    rows = []
    for share in _COVERAGES:
        count = math.ceil(share * len(measured) / 100)
        if count > sum(m.answered for m in measured):
            break
        chosen = claims >= np.sort(claims)[-count]
        rows.append((f"the surest {share:g} % of photos", (errors[chosen] <= NEAR_KM) * 100.0, owners[chosen], "%"))
    return rows


def fit_reliability(measured: Sequence[Measured]) -> dict[str, dict[str, Any]]:
    """Reliability of each confidence band by maximum likelihood, by source, each piece of evidence by itself.

    With odds ``o = w q + 1 - w`` of the true place against the prior, where w is the weight that the evidence had, q is
    how much likelier the evidence alone makes it; the reliability is the one that makes all true places likeliest.
    """
    from geoclip_core.evidence.reliability import reliability

    bands: dict[tuple[str, str], list[tuple[float, float]]] = {}
    for photo in measured:
        for source, band, weight, odds in photo.bands:
            bands.setdefault((source, band), []).append((odds, weight / reliability(source, band)))
    tried = np.linspace(0.02, 0.98, 97)
    found: dict[str, dict[str, Any]] = {}
    for (source, band), seen in sorted(bands.items()):
        alone, share = np.array(seen).T
        weight = tried[:, None] * share
        likelihood = np.log(weight * alone + 1 - weight).sum(axis=1) + _PSEUDO * (np.log(tried) + np.log(1 - tried))
        best = round(float(tried[int(likelihood.argmax())]), 2)
        found.setdefault(source, {})[band] = {"reliability": best, "photos": len(seen)}
    return found


def photos(
    folder: Annotated[Path, typer.Argument(metavar="FOLDER", help="Photos, with photos.csv in it or beside it.")],
    sources: Annotated[str, typer.Option(help="signs, scenes or all")] = "all",
    limit: Annotated[int, typer.Option(min=0, help="Only so many, spread over the table; 0 asks all.")] = 0,
    half: Annotated[str, typer.Option(help="a or b: every other photographer")] = "",
    write_reliability: Annotated[Path | None, typer.Option(help="JSON file to write them into")] = None,
) -> None:
    """Print coverage, accuracy, likelihood gain and claims against hits of sources that look at ordinary photos."""
    try:
        if sources not in CHOICES:
            raise QueryError(f"The sources are {sources!r}", allowed=", ".join(CHOICES))
        if half not in ("", "a", "b"):
            raise QueryError(f"The half is {half!r}", allowed="a or b")
        rows = read_photos(folder)
        if half:
            chosen = set(sorted({owner for *_, owner in rows})["ab".index(half) :: 2])
            rows = [row for row in rows if row[2] in chosen]
        if 0 < limit < len(rows):
            rows = [rows[i] for i in np.linspace(0, len(rows) - 1, limit).round().astype(int)]
        locator = load_locator("embedded")
        measured = []
        for path, truth, owner in tqdm(rows, desc="photos", unit="photo"):
            try:
                measured.append(measure(locator, path, truth, owner, CHOICES[sources]))
            except GeoclipError as error:
                typer.echo(f"{path.name}: {error}", err=True)
        typer.echo(report(measured))
        if write_reliability is not None:
            _write(write_reliability, measured)
    except GeoclipError as error:
        typer.echo(str(error), err=True)
        raise typer.Exit(1) from error


def _write(path: Path, measured: Sequence[Measured]) -> None:
    """Replace the bands of the sources that were measured, and keep the others."""
    import json

    table = json.loads(path.read_text(encoding="utf-8")) if path.is_file() else {}
    for source, bands in fit_reliability(measured).items():
        seen = sum(source in {piece[0] for piece in photo.bands} for photo in measured)
        table[source] = {"date": datetime.date.today().isoformat(), "photos": seen, "bands": bands}
    write_json(path, table)
