"""Synthetic tagging tasks whose right answer is known."""

from __future__ import annotations

import numpy as np

from geoclip_core.earth.distance import destination
from geoclip_core.evaluation.downstream.photos import TaggedPhotos, tag_matrix

TOWNS = np.array([[48.9, 2.4], [48.2, 4.0], [35.7, 139.7], [-33.9, 151.2]])
"""The first two are in one UTM zone."""


def town_task(count: int = 160, seed: int = 0) -> TaggedPhotos:
    """Photos in four towns; each town has a label and a tag of its own, and the pixels tell half of it."""
    chance = np.random.default_rng(seed)
    town = np.arange(count) % 4
    latlon = destination(TOWNS[town], chance.uniform(0, 360, count), 15 * np.sqrt(chance.uniform(0, 1, count)))
    labels = np.eye(4, dtype=bool)[town]
    words = [[f"town{one}", "photo"] if chance.random() < 0.8 else ["photo"] for one in town]
    train, test = np.arange(0, count - 60), np.arange(count - 60, count)
    visual = (np.eye(2)[town % 2] @ chance.normal(size=(2, 6)) + chance.normal(0, 0.3, (count, 6))).astype(np.float32)
    return TaggedPhotos(
        "towns", latlon, labels, tuple("abcd"), tag_matrix(words, train), train, test, np.arange(count), visual
    )
