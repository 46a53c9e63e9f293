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
from geoclip_core.photo.metadata.positions import USUAL_ERROR_KM

_SPACING_KM = 0.25  # between the points that a large error is spread over
_MOST_POINTS = 192
_SHOWN_KM = 10.0  # how far from what a photo shows it may have been taken, where only the former is stated


class MetadataSource(EvidenceSource):
    """The position in a photo's EXIF block or XMP packet, or in a file beside the photo.

    Args:
        network: The model; nothing of it is needed, since positions are compared by distance.
    """

    name = "metadata"
    reads_file = True

    def __init__(self, network: Network) -> None:
        del network

    def photo(self, photo: Photo, crops: int = 1) -> Finding:  # noqa: ARG002 - pixels are not looked at
        """The stated position, spread evenly over a disk as large as its stated or assumed error.

        Where the file states several, or does not say in which hemisphere one is, each is an alternative, and all weigh
        the same.
        """
        record = read_exif(photo)
        if not record.positions:
            why = f" ({record.problems[0].removesuffix('.')})" if record.problems else ""
            return Finding(reason=f"its file states no usable position{why}")
        disks: list[Disk] = []
        for claim in record.positions:
            error_km = claim.error_km or USUAL_ERROR_KM
            error_km = max(error_km, _SHOWN_KM) if claim.what == "shown position" else error_km
            share = 1 / len(record.positions) / len(claim.points)
            disks += [Disk("", point, error_km, share) for point in claim.points]
        counts = [min(_MOST_POINTS, max(1, math.ceil(math.pi * (d.radius_km / _SPACING_KM) ** 2))) for d in disks]
        points = [disk_points(d.latlon, d.radius_km, n) for d, n in zip(disks, counts, strict=True)]
        weights = np.repeat([d.weight / n for d, n in zip(disks, counts, strict=True)], counts)
        spread_km = np.repeat([d.radius_km / math.sqrt(n) for d, n in zip(disks, counts, strict=True)], counts)
        written = " and ".join(dict.fromkeys(_where(claim.source) for claim in record.positions))
        kind = "position of what is shown" if record.positions[0].what == "shown position" else "position"
        camera = f", written by {record.camera}" if record.camera else ""
        label = f"the {kind} in {written}{camera}"
        found = from_points("exif", label, np.concatenate(points), weights, spread_km, tuple(disks))
        stated = record.latlon if len(disks) == 1 else None
        return Finding((replace(found, stated_latlon=stated, calibrated_as=None),), warnings=record.warnings)


def _where(source: str) -> str:
    if source.startswith("EXIF"):
        return "the photo's EXIF block"
    return f"the photo's {source} packet" if source == "XMP" else source if " " in source else f"the photo's {source}"
