"""Where a model's calibration is: beside an exported model; the user's or the shipped one for a registered model."""

from __future__ import annotations

from pathlib import Path

from geoclip_core.errors import DataError, GeoclipError
from geoclip_core.evaluation.calibration_file import FILE, Calibration, read_calibration
from geoclip_core.files import asset_path
from geoclip_core.weights.local import models_folder


def own_file(name: str, folder: Path | None = None) -> Path:
    """The file that a calibration of this machine is written to.

    Args:
        name: The model's name.
        folder: Of an exported model; None for a registered one, whose file lies in the models' folder.
    """
    return folder / FILE if folder is not None else models_folder() / f"{name}.{FILE}"


def find_calibration(name: str, folder: Path | None = None) -> Calibration | None:
    """The calibration of a model; None where there is none.

    Args:
        name: As in :func:`own_file`.
        folder: As there.

    Raises:
        DataError: The file cannot be read, or is that of another model.
    """
    path = own_file(name, folder)
    if not path.is_file():
        if folder is not None:
            return None
        try:
            path = asset_path(f"calibration/{name}.json")
        except GeoclipError:
            return None
    found = read_calibration(path)
    if found.model != name:
        raise DataError(f"{path} calibrates the model {found.model}, not {name}", hint="calibrate this model, too")
    return found
