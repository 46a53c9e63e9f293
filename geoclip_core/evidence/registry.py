"""Which sources of evidence there are, and which of them each kind of model asks.

A new source is one line here. The order of the lines is the order in which sources are asked.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Literal

from geoclip_core.errors import QueryError
from geoclip_core.evidence.caption import CaptionSource
from geoclip_core.evidence.clip import ClipSource
from geoclip_core.evidence.metadata import MetadataSource
from geoclip_core.evidence.network import Network
from geoclip_core.evidence.overhead import OverheadSource
from geoclip_core.evidence.scenes import SceneSource
from geoclip_core.evidence.signs import SignSource
from geoclip_core.evidence.source import EvidenceSource
from geoclip_core.evidence.text import TextSource

Role = Literal["asked", "shown", "absent"]
"""What a model does with a source: answer from it, only show what it found, or leave it out."""


@dataclass(frozen=True)
class Entry:
    """A source and its part in each kind of model.

    Attributes:
        make: Builds the source for a loaded model.
        with_vision: Its role in a model that has an image encoder.
        without_vision: Its role in a model that has none.
    """

    make: Callable[[Network], EvidenceSource]
    with_vision: Role
    without_vision: Role


SOURCES: dict[str, Entry] = {
    "clip": Entry(ClipSource, with_vision="asked", without_vision="absent"),
    "metadata": Entry(MetadataSource, with_vision="shown", without_vision="asked"),
    "caption": Entry(CaptionSource, with_vision="shown", without_vision="asked"),
    "signs": Entry(SignSource, with_vision="asked", without_vision="asked"),
    "overhead": Entry(OverheadSource, with_vision="absent", without_vision="asked"),
    "scenes": Entry(SceneSource, with_vision="absent", without_vision="asked"),
    "text": Entry(TextSource, with_vision="asked", without_vision="asked"),
}
"""Every source by its name, which ``locate(without=...)`` takes."""


def sources_of(network: Network) -> tuple[tuple[EvidenceSource, ...], tuple[EvidenceSource, ...]]:
    """The sources of a model.

    Args:
        network: The loaded model.

    Returns:
        Those that its answers rest on, and those whose findings are only shown beside the answer.
    """
    vision = network.image_encoder is not None

    def in_role(role: Role) -> tuple[EvidenceSource, ...]:
        roles = {name: entry.with_vision if vision else entry.without_vision for name, entry in SOURCES.items()}
        return tuple(entry.make(network) for name, entry in SOURCES.items() if roles[name] == role)

    return in_role("asked"), in_role("shown")


def check_names(names: Sequence[str]) -> frozenset[str]:
    """Names of sources that a caller wants left out.

    Raises:
        QueryError: One text instead of several, or there is no source of that name.
    """
    given = [names] if isinstance(names, str) else list(names)
    unknown = [name for name in given if name not in SOURCES]
    if unknown:
        raise QueryError(f"There is no source of evidence called {unknown[0]!r}", allowed=", ".join(SOURCES))
    return frozenset(given)
