"""The position that a photo's file states.

It is a claim, not a fact: it can be edited, or copied from another photo.
"""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np

from geoclip_core.earth.disk import Disk
from geoclip_core.earth.distance import disk_points
from geoclip_core.evidence.network import Network
from geoclip_core.evidence.source import EvidenceSource, Finding, from_points
from geoclip_core.photo.decode import Photo
from geoclip_core.photo.exif import read_exif

EXIF_ERROR_KM = 0.05
"""Assumed error of an EXIF position that states none: what phones reach between houses."""

_SPACING_KM = 0.25  # between the points that a large error is spread over
_MOST_POINTS = 192


class MetadataSource(EvidenceSource):
    """The position in a photo's EXIF block.

    Args:
        network: The model; nothing of it is needed, since positions are compared by distance.
    """

    name = "metadata"

    def __init__(self, network: Network) -> None:
        del network

    def photo(self, photo: Photo, crops: int = 1) -> Finding:  # noqa: ARG002 - pixels are not looked at
        """The stated position, spread evenly over a disk as large as its stated or assumed error."""
        record = read_exif(photo)
        if record.latlon is None:
            return Finding(reason="its file states no usable position")
        error_km = record.error_m / 1000 if record.error_m else EXIF_ERROR_KM
        count = min(_MOST_POINTS, max(1, math.ceil(math.pi * (error_km / _SPACING_KM) ** 2)))
        points = disk_points(record.latlon, error_km, count)
        camera = f", written by {record.camera}" if record.camera else ""
        label = f"the position in the photo's EXIF block{camera}"
        spread_km = np.full(count, error_km / math.sqrt(count))
        found = from_points("exif", label, points, np.ones(count), spread_km, (Disk("", record.latlon, error_km),))
        return Finding((replace(found, stated_latlon=record.latlon),))
