"""Class paths of configuration files that were saved before a class moved; they are read for one more release."""

from __future__ import annotations

import warnings
from typing import Any

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


OLD_KEYS = {
    "best": [
        "dirpath",
        "filename",
        "verbose",
        "save_last",
        "save_weights_only",
        "auto_insert_metric_name",
        "every_n_train_steps",
        "train_time_interval",
        "every_n_epochs",
        "save_on_train_epoch_end",
        "enable_version_counter",
        "save_on_exception",
    ],
    "early_stop": [
        "verbose",
        "strict",
        "check_finite",
        "stopping_threshold",
        "divergence_threshold",
        "check_on_train_epoch_end",
        "log_rank_zero_only",
    ],
}
"""Settings of Lightning's callbacks that saved configurations hold; the ones of today are in ``run.monitors``."""


def without_old_keys(settings: Any) -> Any:
    """A configuration without the settings of :data:`OLD_KEYS`; anything else is given back as it is.

    The mode that was saved with them is left out too: a saved ``min`` was the default, whatever the metric.
    """
    if isinstance(settings, dict):
        for name, old in OLD_KEYS.items():
            there = settings.get(name)
            if isinstance(there, dict) and any(key in there for key in old):
                settings[name] = {key: value for key, value in there.items() if key not in (*old, "mode")}
    return settings
