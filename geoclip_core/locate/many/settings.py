"""What a caller can choose about an answer, checked once for any number of photos."""

from __future__ import annotations

from dataclasses import dataclass

from geoclip_core.earth.regions import Region
from geoclip_core.errors import QueryError
from geoclip_core.locate.candidates import MERGE_KM, check_merge


@dataclass(frozen=True)
class AnswerSettings:
    """How places are read off; see ``Locator.locate``.

    Attributes:
        top_k: Number of distinct places, 1 to 100.
        region: Where is searched; None for the whole Earth.
        merge_km: Points nearer than this to a more probable one belong to its place.
        off_gallery: Whether each candidate moves to the peak of the field near it.

    Raises:
        QueryError: A number out of range.
    """

    top_k: int = 5
    region: Region | None = None
    merge_km: float = MERGE_KM
    off_gallery: bool = False

    def __post_init__(self) -> None:
        if not 1 <= self.top_k <= 100:
            raise QueryError(f"top_k is {self.top_k}", allowed="1 to 100")
        check_merge(self.merge_km)
