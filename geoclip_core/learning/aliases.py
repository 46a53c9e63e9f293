"""Class paths of configuration files that were saved before a class moved; they are read for one more release."""

from __future__ import annotations

import warnings

OLD_CLASS_PATHS = {
    "geoclip_core.learning.features.CachedFeatures": "geoclip_core.learning.data.features.CachedFeatures",
    "geoclip_core.learning.photos.PhotoFolder": "geoclip_core.learning.data.photos.PhotoFolder",
    "geoclip_core.learning.shards.Shards": "geoclip_core.learning.data.shards.Shards",
    "geoclip_core.learning.toy.PaintedPlanet": "geoclip_core.learning.data.toy.PaintedPlanet",
    "geoclip_core.learning.overhead_pairs.OverheadPairs": "geoclip_core.learning.overhead.pairs.OverheadPairs",
}
"""Old dotted path -> new one. Of the classes that moved, only sources of pairs are named by path in a configuration."""


def with_new_class_paths(text: str) -> str:
    """A configuration file, or a word of a command line, with every old class path replaced.

    Args:
        text: Any text; one warning names each path that is replaced.
    """
    for old, new in OLD_CLASS_PATHS.items():
        if old in text:
            warnings.warn(
                f"{old} is now called {new}; the old path will not be read in the next release",
                FutureWarning,
                stacklevel=2,
            )
            text = text.replace(old, new)
    return text
