"""Image towers of any architecture of timm."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from torch import nn

from geoclip_core.errors import WeightsError

_GRID, _CHANNELS = 4, 48  # of a map that is not pooled to one vector


def timm_tower(architecture: str, options: Mapping[str, Any]) -> tuple[nn.Module, int]:
    """A tower of timm with random weights; nothing is downloaded.

    Args:
        architecture: Name of a timm model.
        options: Arguments of that model. Where ``global_pool`` is ``""``, its map is brought to 48 channels on a
            grid of 4 x 4, one after the other, so that features keep where in the picture something is.

    Returns:
        A module from (n, 3, s, s) pixels to (n, width) features, and its width.

    Raises:
        WeightsError: timm has no such architecture, or it does not take these options.
    """
    import timm

    if not timm.is_model(architecture):
        raise WeightsError(f"timm has no architecture {architecture!r}", allowed="a name listed by timm.list_models()")
    try:
        model: Any = timm.create_model(architecture, pretrained=False, num_classes=0, **options)
    except TypeError as error:
        raise WeightsError(
            f"{architecture} cannot be built with {dict(options)} ({error})",
            allowed=f"arguments of timm's {architecture}",
        ) from error
    width = int(model.num_features)
    if options.get("global_pool") == "":
        narrow = nn.Sequential(nn.Conv2d(width, _CHANNELS, 1, bias=False), nn.BatchNorm2d(_CHANNELS), nn.ReLU())
        return nn.Sequential(model, nn.AdaptiveAvgPool2d(_GRID), narrow, nn.Flatten()), _CHANNELS * _GRID**2
    return model, width
