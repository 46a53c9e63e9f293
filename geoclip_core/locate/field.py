"""Probability as a picture: the whole Earth, or a city.

How fine the picture may be is measured, not chosen: around Boston a single vector's probability falls to a
tenth within 1 km. A world picture that sampled points would miss every peak, so it sums the mass of points
into pixels; a city picture samples the continuous field every half kilometre or finer.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from importlib import import_module
from pathlib import Path
from typing import Literal

import numpy as np
import numpy.typing as npt
import torch
import torch.nn.functional as F
from scipy.ndimage import map_coordinates

from geoclip_core.earth.arcs import arc_width, shortest_cover
from geoclip_core.earth.distance import EARTH_RADIUS_KM, HALF_TURN_KM, destination, great_circle_km
from geoclip_core.earth.projection import MERCATOR_MAX_LAT, mercator_y_rad
from geoclip_core.earth.regions import Region
from geoclip_core.earth.window import Window
from geoclip_core.errors import QueryError
from geoclip_core.locate.density import asks_for_vectors, log_density, only_regions, unit_rows
from geoclip_core.locate.gallery import Gallery
from geoclip_core.locate.posterior import Posterior
from geoclip_core.locate.query import Query
from geoclip_core.model.location_encoder import BaseLocationEncoder

Floats = npt.NDArray[np.float64]
Bools = npt.NDArray[np.bool_]

SAMPLES = 101
"""Samples along each side of a city window."""

FINEST_KM = 0.6
"""A window whose samples lie farther apart than this is summed from points instead."""

SMALLEST_KM = 5.0
"""Around a point alone, a window closer than this shows nothing more."""

_REACH = 2.0  # half of a point's mass lies within its spread, all of it not much farther
_STRIDE = 10  # samples between the nodes of the location encoder's coarse scales
_SEEDS = (8, 1024)  # least and most sub-points of a point that speaks for more than a pixel
_SEEDS_PER_PX = 4  # at least, on the grid that it is laid out on
_ALL_SEEDS = 262_144  # of all the mass that reaches the window; more where little mass lies on many pixels
_SEEDS_AT_A_TIME = 65_536  # so few that what is computed of them stays in a processor's cache
_DISK_PX = 2.0  # least radius of a disk on the grid that it is laid out on: with less than twice that, no gaps
_ANYWHERE, _ANYWHERE_PX = (18, 36), 64  # cells of the Earth for what could be anywhere, and its samples in a window
_GOLDEN_ANGLE_DEG = 180.0 * (3.0 - 5.0**0.5)
_SPREAD_MASS = 0.999  # the last 0.1 % of mass is not spread: each point goes to its own pixel


@dataclass(frozen=True)
class Field:
    """Probability over the pixels of a window.

    Attributes:
        window: Where the pixels are.
        mass: (h, w) float64, probability per pixel, summing to 1 over the window.
        share: Probability of the whole answer that lies in the window, by its points.
        method: ``"summed"`` from points, or ``"sampled"`` from the continuous field.
        about: What files of the field should say besides: the region that was searched, and its share.
    """

    window: Window
    mass: Floats
    share: float
    method: Literal["summed", "sampled"]
    about: Mapping[str, str] = dataclasses.field(default_factory=dict)

    @property
    def density_per_km2(self) -> Floats:
        """(h, w) probability per square kilometre."""
        return np.asarray(self.mass / self.window.pixel_area_km2())

    @property
    def peak(self) -> tuple[float, float]:
        """Centre of the densest pixel, degrees: where a picture of the field is strongest."""
        row, column = np.unravel_index(int(self.density_per_km2.argmax()), self.mass.shape)
        lat, lon = self.window.pixel_latlon()[row, column]
        return float(lat), float(lon)

    def to_geotiff(self, path: str | Path) -> None:
        """Write the field as a one-band float32 GeoTIFF with its coordinate system.

        Args:
            path: The file to write; an existing one is replaced when the new one is complete.

        Raises:
            MissingDependencyError: rasterio is not installed.
        """
        # export/ stands above this folder: loaded when a field is asked for a file.
        import_module("geoclip_core.export.geotiff").write_geotiff(self, Path(path))


def close_window(answer: Posterior, longest_px: int = 512, share: float = 0.999) -> Window:
    """The smallest mercator window that holds nearly all of an answer, for outlines and areas of a small one.

    Args:
        answer: Probability over points; each speaks for its spread.
        longest_px: Pixels along the longer side.
        share: Probability that must lie in the window.

    Returns:
        A window of square pixels, at least ``SMALLEST_KM`` wide; the world where the answer reaches a pole.
    """
    order = np.argsort(-answer.probability)
    heavy = order[: int(np.searchsorted(np.cumsum(answer.probability[order]), share)) + 1]
    lat, lon = answer.latlon[heavy].T
    reach_deg = np.degrees((_REACH * answer.spread_km[heavy] + SMALLEST_KM / 2) / EARTH_RADIUS_KM)
    south, north = float((lat - reach_deg).min()), float((lat + reach_deg).max())
    if max(-south, north) >= MERCATOR_MAX_LAT:
        return Window.world((longest_px // 2, longest_px))
    reach_lon = reach_deg / np.cos(np.radians(np.maximum(np.abs(lat - reach_deg), np.abs(lat + reach_deg))))
    west, east = shortest_cover(zip(lon - reach_lon, np.minimum(2 * reach_lon, 360.0), strict=True))
    tall = float(np.degrees(mercator_y_rad(np.radians(north)) - mercator_y_rad(np.radians(south))))
    wide = arc_width(west, east)
    pixel = max(tall, wide) / longest_px
    size = (max(1, round(tall / pixel)), max(1, round(wide / pixel)))
    return Window.box(south, west, north, east, size, "mercator")


def make_field(
    query: Query,
    answer: Posterior,
    window: Window,
    encoder: BaseLocationEncoder,
    scale: float,
    gallery: Gallery | None = None,
) -> Field:
    """The field of an answer over a window: sampled where the window is small enough, else summed.

    In a summed one, what the evidence does not speak for (:attr:`Posterior.named`) is smooth over about 1,000 km.

    Args:
        query: The question.
        answer: Its probabilities over points.
        window: Where to look.
        encoder: Location encoder, for sampling.
        scale: Factor on cosines.
        gallery: Where people take photos; see :func:`log_density`.

    Raises:
        QueryError: Nothing of the answer lies in the window, which is too large to be sampled.
    """
    inside = window.contains(answer.latlon)
    share = float(answer.probability[inside].sum())
    height, width = window.size
    rows_km, columns_km = window.spacing_km
    small = max(rows_km * height, columns_km * width) <= FINEST_KM * (SAMPLES - 1)
    if small and not (only_regions(query) and share > 0):  # regions are no finer than the points in them
        sampled = _sampled(query, window, encoder, scale, gallery)
        return Field(window, sampled, share, "sampled", _about(query, answer))
    mass = _summed(query, answer, window)
    total = mass.sum()
    if not total > 0:
        raise QueryError(
            "Nothing of this answer lies in the window",
            allowed="a window that holds a candidate, or one of at most "
            f"{FINEST_KM * (SAMPLES - 1):.0f} km, which is computed anew",
            hint="choose a window around a candidate",
        )
    return Field(window, mass / total, share, "summed", _about(query, answer))


def _about(query: Query, answer: Posterior) -> dict[str, str]:
    if query.region is None:
        return {}
    return {"region": query.region.label, "region_share": f"{answer.region_share:.6g}"}


def _sampled(
    query: Query, window: Window, encoder: BaseLocationEncoder, scale: float, gallery: Gallery | None
) -> Floats:
    """The continuous field at every pixel; of evidence that asks for vectors, interpolated between samples."""
    height, width = window.size
    if not asks_for_vectors(query):
        logs = log_density(
            query, window.pixel_latlon().reshape(-1, 2), None, scale, max(window.spacing_km) / 2, gallery
        )
    else:
        grid = replace(window, size=(SAMPLES, SAMPLES))
        nodes = grid.pixel_latlon()
        vectors = unit_rows(encoder.on_grid(nodes, _STRIDE).reshape(SAMPLES * SAMPLES, -1))
        samples = log_density(query, nodes.reshape(-1, 2), vectors, scale, max(grid.spacing_km) / 2, gallery)
        logs = _stretched(samples.reshape(SAMPLES, SAMPLES), window.size)
    smooth = logs.reshape(height, width)
    mass = np.exp(smooth - smooth.max()) * window.pixel_area_km2()
    if query.region is not None:
        mass = np.where(query.region.contains(window.pixel_latlon()), mass, 0.0)
        if not mass.any():
            raise QueryError("The window lies outside the region", hint="choose a window inside it")
    return np.asarray(mass / mass.sum())


def _summed(query: Query, answer: Posterior, window: Window) -> Floats:
    """Mass of points in pixels, each point laid out over the disk that it stands for, within the region.

    What could be anywhere people take photos says no more than that, and is laid out coarsely: as points it would make
    London the strongest colour of "Antarctica".
    """
    placed = answer.placed
    rising = np.sort(placed)
    light = int(np.searchsorted(np.cumsum(rising), (1 - _SPREAD_MASS) * rising.sum()))
    heavy = np.flatnonzero(placed >= rising[min(light, len(rising) - 1)])
    heavy = heavy[_reaches(window, answer.latlon[heavy], answer.spread_km[heavy])]
    radius_px = answer.spread_km[heavy] / _pixel_km(window, answer.latlon[heavy])
    reaching = placed[heavy].sum()
    wide, radius_px = heavy[radius_px > 0.5], radius_px[radius_px > 0.5]
    narrow = placed > 0
    narrow[wide] = False
    mass = _deposited(window, [(answer.latlon[narrow], placed[narrow])])
    spread = np.zeros_like(mass)

    # Seeds leave gaps in a disk of many pixels: it is laid out on coarser ones, then smoothed to the finer.
    octaves = np.maximum(np.floor(np.log2(radius_px / _DISK_PX)), 0).astype(int)
    counts = _seed_counts(placed[wide] / reaching, radius_px / 2.0**octaves)
    for octave in np.unique(octaves):
        coarse = replace(window, size=(_ceil(window.size[0], octave), _ceil(window.size[1], octave)))
        chosen = octaves == octave
        laid = _deposited(coarse, _seeds(answer, wide[chosen], counts[chosen]))
        spread += laid if octave == 0 else _finer(laid / coarse.pixel_area_km2(), window) * laid.sum()
    rest = answer.probability - placed
    anywhere = _anywhere(answer.latlon, rest, window)
    if query.region is not None and (spread.any() or anywhere.any()):
        outside = ~_inside(query.region, answer, window, (spread > 0) | (anywhere > 0))
        spread[outside] = anywhere[outside] = 0.0
    in_window = rest[window.contains(answer.latlon)].sum()
    if in_window > 0 and anywhere.any():
        spread += anywhere * (in_window / anywhere.sum())
    spread += mass
    return spread


def _anywhere(latlon: Floats, rest: Floats, window: Window) -> Floats:
    """What the evidence does not speak for, in pixels, up to a factor: smooth over about a thousand kilometres."""
    if not rest.any():
        return np.zeros(window.size)
    world = Window.world(_ANYWHERE)
    density = _deposited(world, [(latlon, rest)]) / world.pixel_area_km2()
    few = replace(window, size=(min(window.size[0], _ANYWHERE_PX), min(window.size[1], _ANYWHERE_PX)))
    lat, lon = np.moveaxis(few.pixel_latlon(), -1, 0)
    row, column = (90.0 - lat) / 180.0 * _ANYWHERE[0] - 0.5, (lon + 180.0) / 360.0 * _ANYWHERE[1] - 0.5
    around = np.pad(density, ((0, 0), (1, 1)), "wrap")  # the columns meet at the antimeridian
    coarse = map_coordinates(around, [row, column + 1.0], order=1, mode="nearest")
    return _stretched(coarse, window.size) * window.pixel_area_km2()


def _seed_counts(mass: Floats, radius_px: Floats) -> npt.NDArray[np.int64]:
    """Seeds of each disk, a power of two: many of one with much mass, enough of the others to leave no gaps."""
    wanted = np.maximum(mass * _ALL_SEEDS, np.pi * radius_px**2 * _SEEDS_PER_PX)
    return np.asarray(2 ** np.ceil(np.log2(np.clip(wanted, *_SEEDS))), np.int64)


def _seeds(
    answer: Posterior, points: npt.NDArray[np.intp], counts: npt.NDArray[np.int64]
) -> Iterator[tuple[Floats, Floats]]:
    """Points in so many equal parts over the disks that they stand for: where those are, and their mass."""
    mass = answer.placed
    for n in np.unique(counts):
        share, bearing_deg = np.sqrt((np.arange(n) + 0.5) / n), np.arange(n) * _GOLDEN_ANGLE_DEG
        alike = points[counts == n]
        for part in np.array_split(alike, 1 + len(alike) * n // _SEEDS_AT_A_TIME):
            seeds = destination(answer.latlon[part][:, None], bearing_deg, answer.spread_km[part][:, None] * share)
            yield seeds.reshape(-1, 2), np.repeat(mass[part] / n, n)


def _reaches(window: Window, latlon: Floats, radius_km: Floats) -> Bools:
    """Whether disks may reach into a window: those that reach the disk around it do."""
    pixels = window.pixel_latlon()
    border = np.concatenate([pixels[0], pixels[-1], pixels[:, 0], pixels[:, -1]])
    middle = pixels[pixels.shape[0] // 2, pixels.shape[1] // 2]
    around_km = float(great_circle_km(middle, border).max()) + max(window.spacing_km)
    if around_km > HALF_TURN_KM / 2:
        return np.ones(len(latlon), bool)
    return np.asarray(great_circle_km(middle, latlon) <= around_km + radius_km)


def _inside(region: Region, answer: Posterior, window: Window, asked: Bools) -> Bools:
    """Whether a pixel's centre, if it is asked for, lies in a region, or one of the answer's points in the pixel."""
    inside = np.zeros(window.size, bool)
    inside[asked] = region.contains(window.pixel_latlon()[asked])
    pixel = window.pixel_of(answer.latlon[answer.probability > 0])
    row, column = pixel[pixel[:, 0] >= 0].T
    inside[row, column] = True
    return inside


def _ceil(pixels: int, octave: int) -> int:
    return -(-pixels >> int(octave))


def _pixel_km(window: Window, latlon: Floats) -> Floats:
    """Side of a pixel at each point; of the middle pixel for points outside the window."""
    pixel = window.pixel_of(latlon)
    side = np.sqrt(window.pixel_area_km2()[pixel[:, 0], pixel[:, 1]])
    return np.where(pixel[:, 0] >= 0, side, min(window.spacing_km))


def _deposited(window: Window, points: Iterable[tuple[Floats, Floats]]) -> Floats:
    """Sum of the mass of points in each pixel; they come in parts, as coordinates and mass."""
    height, width = window.size
    pixels, masses = [np.zeros(0, np.int64)], [np.zeros(0)]
    for latlon, mass in points:
        row, column = np.moveaxis(window.pixel_of(latlon), -1, 0)
        seen = row >= 0
        pixels.append(row[seen] * width + column[seen])
        masses.append(mass[seen])
    sums = np.bincount(np.concatenate(pixels), np.concatenate(masses), height * width)
    return np.asarray(sums.reshape(height, width), np.float64)


def _finer(density: Floats, window: Window) -> Floats:
    """A coarse density as mass on the pixels of a window, summing to 1 or to nothing."""
    mass = _stretched(density, window.size) * window.pixel_area_km2()
    total = mass.sum()
    return np.asarray(mass / total if total > 0 else mass)


def _stretched(values: Floats, size: tuple[int, int]) -> Floats:
    """From values at the centres of a grid to those of a finer grid over the same area, interpolated linearly."""
    finer = F.interpolate(torch.from_numpy(values)[None, None], size, mode="bilinear", align_corners=False)
    return np.asarray(finer[0, 0].numpy())
