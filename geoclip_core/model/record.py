"""Reading an exported model's folder: its record and the files whose digests the record holds.

``learning/run/model_folder.py`` describes the format. The same reader serves the models that a person exported and
the overhead model shipped with the package.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from safetensors import SafetensorError
from safetensors.torch import load_file
from torch import Tensor

from geoclip_core.earth.coordinates import check_latlon
from geoclip_core.errors import CoordinateError, WeightsError
from geoclip_core.files import sha256

RECORD, TENSORS, GALLERY = "record.json", "model.safetensors", "gallery.npy"

AGAIN = "export the model again with training/export_weights.py"
"""What to do about a folder that cannot be used."""


def read_content(folder: Path, again: str = AGAIN) -> dict[str, Any]:
    """Content of a folder's ``record.json``.

    Args:
        folder: The folder.
        again: What to do about one that cannot be used.

    Raises:
        WeightsError: It is missing, cut short, or holds no JSON object.
    """
    path = folder / RECORD
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise WeightsError(f"{path} cannot be read as a record ({error})", hint=again) from error
    if not isinstance(content, dict):
        raise WeightsError(f"{path} cannot be read as a record (it holds no JSON object)", hint=again)
    return content


def checked_file(
    folder: Path, content: Mapping[str, Any], name: str, digest_of: Callable[[Path], str] = sha256, again: str = AGAIN
) -> Path:
    """Path of a file whose digest is what the record says.

    Args:
        folder: The model's folder.
        content: What :func:`read_content` gave.
        name: Name of the file.
        digest_of: Gives the sha256 of a file.
        again: What to do about a file that cannot be used.

    Raises:
        WeightsError: The file is missing, not named by the record, or differs from what the record says.
    """
    path = folder / name
    try:
        found, said = digest_of(path), str(content["files"][name]["sha256"])
    except (OSError, LookupError, TypeError) as error:
        raise WeightsError(f"{path} is missing, or its record does not name it", hint=again) from error
    if found != said:
        raise WeightsError(f"{path} is damaged (sha256 {found[:16]}..., its record says {said[:16]}...)", hint=again)
    return path


def read_tensors(path: Path) -> dict[str, Tensor]:
    """Tensors of a safetensors file by name.

    Raises:
        WeightsError: The file cannot be read.
    """
    try:
        return load_file(path)
    except (SafetensorError, OSError) as error:
        raise WeightsError(f"{path} cannot be read ({error})", hint=AGAIN) from error


def read_gallery_points(path: Path) -> npt.NDArray[np.float64]:
    """Points of a gallery, (g, 2) float64 degrees.

    Raises:
        WeightsError: The file holds no such array, or points that are not on Earth.
    """
    try:
        return check_latlon(np.load(path, allow_pickle=False).astype(np.float64), name=str(path))
    except (CoordinateError, ValueError, OSError, EOFError) as error:
        raise WeightsError(f"{path} holds no points ({error})", hint=AGAIN) from error
