"""What the tests of views from above share."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image


@pytest.fixture(scope="module")
def planet(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, np.ndarray]:
    """A rough picture of 128 x 64 pixels, in which every neighbour differs."""
    rgb = np.random.default_rng(0).integers(0, 256, (64, 128, 3), dtype=np.uint8)
    path = tmp_path_factory.mktemp("planet") / "planet.png"
    Image.fromarray(rgb).save(path)
    return path, rgb
