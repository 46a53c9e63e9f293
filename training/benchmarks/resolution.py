"""How finely a location encoder tells places apart: the distance at which similarity halves, anywhere on Earth."""

from __future__ import annotations

import io

import numpy as np
import shapely
from PIL import Image, ImageDraw, ImageFont

from geoclip_core.earth.coordinates import Floats
from geoclip_core.earth.countries import countries
from geoclip_core.earth.distance import destination
from geoclip_core.maps.palette import ramp
from geoclip_core.model.encode import encode_points
from geoclip_core.model.location_encoder import BaseLocationEncoder

STEPS_KM = (0.3, 1, 3, 5, 10, 25, 50, 100, 200, 500, 1000, 2500)
STEP_DEG = 2.5
"""Between the places of the map."""

_BEARINGS, _BEARINGS_OF_MAP = 8, 4
_TICKS_KM = (10, 30, 100, 300, 1000, 2500)
_WIDTH, _FOOT = 1440, 74
_INK, _PAPER, _COAST = "#14202b", "#ffffff", "#5b5b5b"


def similarity(encoder: BaseLocationEncoder, latlon: Floats, bearings: int = _BEARINGS) -> Floats:
    """Mean cosine between places and points around them.

    Args:
        encoder: The location encoder.
        latlon: (n, 2) degrees.
        bearings: Number of directions, evenly spread.

    Returns:
        (n, 12), at ``STEPS_KM`` from each place.
    """
    places = np.asarray(latlon, np.float64).reshape(-1, 2)
    turns, steps = np.arange(bearings) * 360 / bearings, np.array(STEPS_KM)
    ring = destination(places[:, None, None], turns[None, None], steps[None, :, None])
    vectors = encode_points(encoder, np.concatenate([places, ring.reshape(-1, 2)])).double().numpy()
    own, around = vectors[: len(places)], vectors[len(places) :].reshape(len(places), len(steps) * bearings, -1)
    return np.asarray(np.einsum("nd,nkd->nk", own, around).reshape(len(places), len(steps), bearings).mean(axis=2))


def half_km(cosines: Floats) -> Floats:
    """Distances at which similarity has fallen to a half, between the steps on a logarithmic axis.

    Args:
        cosines: (n, 12) of :func:`similarity`.

    Returns:
        (n,) km; infinite where it does not within the last step, and the first step where it does before that.
    """
    found = np.full(len(cosines), np.inf)
    logs = np.log(STEPS_KM)
    for i, row in enumerate(cosines):
        below = np.flatnonzero(row < 0.5)
        if len(below):
            last = int(below[0])
            # np.interp wants rising values, and cosines fall with the distance.
            found[i] = np.exp(np.interp(0.5, row[[last, last - 1]], logs[[last, last - 1]])) if last else STEPS_KM[0]
    return found


def resolution_grid(encoder: BaseLocationEncoder, step_deg: float = STEP_DEG) -> tuple[Floats, Floats]:
    """The half distance at evenly spaced latitudes and longitudes, in the middles of squares.

    Args:
        encoder: The location encoder.
        step_deg: Side of a square; 180 is a multiple of it.

    Returns:
        (rows, columns) km, from north to south and from west to east; and (rows, columns, 2) the places in degrees.
    """
    lats = np.arange(90 - step_deg / 2, -90, -step_deg)
    lons = np.arange(-180 + step_deg / 2, 180, step_deg)
    places = np.stack(np.meshgrid(lats, lons, indexing="ij"), axis=-1)
    return np.array([half_km(similarity(encoder, row, _BEARINGS_OF_MAP)) for row in places]), places


def resolution_picture(grid_km: Floats) -> bytes:
    """The world, dark where the encoder is fine, with coasts and a scale.

    Args:
        grid_km: (rows, columns) of :func:`resolution_grid`.

    Returns:
        A PNG file.
    """
    first, last = np.log(_TICKS_KM[0]), np.log(_TICKS_KM[-1])
    colours = np.ascontiguousarray(ramp(False)[::-1, :3])
    along = (np.log(np.clip(grid_km, _TICKS_KM[0], _TICKS_KM[-1])) - first) / (last - first)
    small = Image.fromarray((along * 255).round().astype(np.uint8))
    levels = np.asarray(small.resize((_WIDTH, _WIDTH // 2), Image.Resampling.BILINEAR))
    whole = Image.new("RGB", (_WIDTH, _WIDTH // 2 + _FOOT), _PAPER)
    whole.paste(Image.fromarray(colours[levels]))
    pen = ImageDraw.Draw(whole)
    for country in countries().values():
        for part in shapely.get_parts(country.geometry):
            lonlat = shapely.get_coordinates(part.exterior)
            xy = np.stack([lonlat[:, 0] + 180, 90 - lonlat[:, 1]], axis=1) * _WIDTH / 360
            pen.line(xy.ravel().tolist(), fill=_COAST)
    font = ImageFont.load_default(18)
    left, wide, top = 40, _WIDTH - 80, _WIDTH // 2 + 12
    scale = np.linspace(0, 255, wide).round().astype(np.uint8)
    whole.paste(Image.fromarray(np.repeat(colours[scale][None], 18, axis=0)), (left, top))
    for km in _TICKS_KM:
        x = left + wide * (np.log(km) - first) / (last - first)
        words = f"{km} km" + (" and less" if km == _TICKS_KM[0] else " and more" if km == _TICKS_KM[-1] else "")
        anchor = "la" if km == _TICKS_KM[0] else "ra" if km == _TICKS_KM[-1] else "ma"
        pen.text((x, top + 26), words, fill=_INK, font=font, anchor=anchor)
    stream = io.BytesIO()
    whole.quantize(64, method=Image.Quantize.MEDIANCUT, dither=Image.Dither.NONE).save(stream, "PNG", optimize=True)
    return stream.getvalue()
