"""The position that a photo's file states.

It is a claim, not a fact: it can be edited, or copied from another photo.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from geoclip_core.earth.disk import Disk
from geoclip_core.evidence.network import Network
from geoclip_core.evidence.source import EvidenceSource, Finding, from_points
from geoclip_core.model.encode import encode_points
from geoclip_core.photo.decode import Photo
from geoclip_core.photo.exif import read_exif

EXIF_ERROR_KM = 0.05
"""Assumed error of an EXIF position that states none: what phones reach between houses."""


class MetadataSource(EvidenceSource):
    """The position in a photo's EXIF block.

    Args:
        network: The model whose location encoder maps the position into its space.
    """

    name = "metadata"

    def __init__(self, network: Network) -> None:
        self.encoder = network.location_encoder

    def photo(self, photo: Photo, crops: int = 1) -> Finding:  # noqa: ARG002 - pixels are not looked at
        """The stated position, spread over its stated or assumed error."""
        record = read_exif(photo)
        if record.latlon is None:
            return Finding(reason="its file states no usable position")
        point = np.array([record.latlon])
        error_km = record.error_m / 1000 if record.error_m else EXIF_ERROR_KM
        camera = f", written by {record.camera}" if record.camera else ""
        label = f"the position in the photo's EXIF block{camera}"
        vectors = encode_points(self.encoder, point)
        disk = Disk("", record.latlon, error_km)
        found = from_points("exif", label, vectors, point, np.ones(1), np.array([error_km]), (disk,))
        return Finding((replace(found, stated_latlon=record.latlon),))
