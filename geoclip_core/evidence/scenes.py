"""What kind of thing a photo shows, and where such things are photographed: a wide map, never a point."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import numpy.typing as npt

from geoclip_core.earth.regions import Region
from geoclip_core.errors import GeoclipError
from geoclip_core.evidence.network import Network
from geoclip_core.evidence.reliability import reliability
from geoclip_core.evidence.scene_classes.classifier import class_names, class_probabilities
from geoclip_core.evidence.scene_classes.settings import SETTINGS, setting_shares, told
from geoclip_core.evidence.scene_classes.table import scenes
from geoclip_core.evidence.source import Evidence, EvidenceSource, Finding, from_regions
from geoclip_core.photo.decode import Photo

LEAST_TOLD = 0.1
"""Share of the mixture that is not simply everywhere, below which a map is not worth showing."""

SETTING = "by the sea or in a city"
"""Name of the confidence band of what a kind of thing says of its setting."""

_NEGLIGIBLE = 0.005  # probability of a class that is left out
HINT = "This is weak evidence: get the full model"


class SceneSource(EvidenceSource):
    """Classes of ImageNet that are photographed in some parts of the Earth; asked where no file states a place.

    Args:
        network: The model; nothing of it is needed, since regions are regions for every model.
    """

    name = "scenes"
    fallback = True
    beside = frozenset({"signs"})

    def __init__(self, network: Network) -> None:
        del network

    def photo(self, photo: Photo, crops: int = 1) -> Finding:  # noqa: ARG002 - it has views of its own
        """Where what it shows is photographed, mixed over all that it may be; nothing where that hardly tells."""
        if photo.pixels is None:
            return Finding(reason="its pixels cannot be read")
        try:
            probability = class_probabilities(photo.image)
        except GeoclipError as error:
            warning = f"Kinds of things were not looked for: {error}"
            why = error.problem.removesuffix(".")
            return Finding(reason=f"what it shows cannot be looked for ({why})", warnings=(warning,))
        regions, weights = where_photographed(probability)
        share = sum(weights)
        best = int(probability.argmax())
        thing = scenes()[best].one if best in scenes() else f"{_article(class_names()[best])}"
        if share < LEAST_TOLD:
            perhaps = f"perhaps {thing}, {_percent(probability[best])}; {_everywhere(thing)}"
            return Finding(reason=f"what it shows is no clue ({perhaps})")
        telling = max(scenes(), key=lambda number: float(probability[number]) * _spread(number))
        sentence = f"Looks like {scenes()[telling].one} ({_percent(probability[telling])})"
        label = f"{sentence}: here is where such photos are taken. {HINT}"
        trusted = share * reliability(self.name, band(share))
        found = from_regions("scenes", label, regions, weights, trusted)
        return Finding((replace(found, band=band(share)), *_setting(probability)))


def _setting(probability: npt.NDArray[np.float64]) -> tuple[Evidence, ...]:
    """Whether such things are by the sea, and in big cities; nothing where they are as all photos are."""
    shares = setting_shares(probability)
    words = told(shares)
    if not words:
        return ()
    label = f"Such things are photographed {words} more than others"
    found = from_regions("scenes", label, SETTINGS, shares.tolist(), reliability(SceneSource.name, SETTING))
    return (replace(found, band=SETTING),)


def band(share: float) -> str:
    """Name of the confidence band of a share, as in ``assets/reliability.json``."""
    return "below 0.2" if share < 0.2 else "0.2 to 0.5" if share < 0.5 else "above 0.5"


def where_photographed(probability: npt.NDArray[np.float64]) -> tuple[tuple[Region, ...], tuple[float, ...]]:
    """Regions and their weights, which sum to the share of the mixture that is not simply everywhere.

    Args:
        probability: (1000,) of the classes.
    """
    found: dict[Region, float] = {}
    for number, scene in scenes().items():
        if probability[number] >= _NEGLIGIBLE:
            for region, share in scene.areas:
                found[region] = found.get(region, 0.0) + float(probability[number]) * share
    return tuple(found), tuple(found.values())


def _spread(number: int) -> float:
    return sum(share for _, share in scenes()[number].areas)


def _percent(probability: float) -> str:
    return f"{100 * probability:.0f} %"


def _article(name: str) -> str:
    return f"{'an' if name[0].lower() in 'aeiou' else 'a'} {name}"


def _everywhere(thing: str) -> str:
    noun = thing.partition(" ")[2] if thing.startswith(("a ", "an ")) else thing
    plural = noun if noun.endswith("s") else f"{noun}s"
    return f"{plural} are everywhere"
