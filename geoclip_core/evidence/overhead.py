"""Where a view from above was taken, by a small network trained on pictures of the whole Earth."""

from __future__ import annotations

import functools
from dataclasses import replace

import numpy as np

from geoclip_core.errors import NoEvidenceError
from geoclip_core.evidence.network import Network
from geoclip_core.evidence.source import EvidenceSource, Finding, from_points
from geoclip_core.overhead.network import FROM_ABOVE, NOT_FROM_ABOVE, OverheadModel
from geoclip_core.photo.decode import Photo


class OverheadSource(EvidenceSource):
    """Views from above; asked where a photo's file states no position.

    The overhead model has an embedding space of its own, so what it passes on are points with probabilities.

    Args:
        network: The model; nothing of it is needed, since points are compared by distance.
        model: The overhead model; the shipped one by default, loaded when it is first needed.
    """

    name = "overhead"
    fallback = True

    def __init__(self, network: Network, model: OverheadModel | None = None) -> None:
        del network
        if model is not None:
            self.model = model

    @functools.cached_property
    def model(self) -> OverheadModel | None:
        """The overhead model; None where an installation has none."""
        return OverheadModel.shipped()

    def photo(self, photo: Photo, crops: int = 1) -> Finding:  # noqa: ARG002 - it has a view of its own
        """Where the view may have been taken, if it is one."""
        if self.model is None:
            return Finding(reason="the embedded model does not look at pixels")
        if photo.pixels is None:
            return Finding(reason="its pixels cannot be read")
        try:
            found = self.model.predict(photo.image)
        except NoEvidenceError:
            return Finding(reason=NOT_FROM_ABOVE)
        spread = np.full(len(found.latlon), found.spread_km)
        told = from_points("visual", FROM_ABOVE, found.latlon, found.probability, spread, found.clusters)
        return Finding((replace(told, calibrated_as="overhead"),))
