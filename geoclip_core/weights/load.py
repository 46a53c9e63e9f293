"""From a record to a network with its weights."""

from __future__ import annotations

import pickle
from collections.abc import Mapping
from pathlib import Path

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor, nn

from geoclip_core.earth.coordinates import check_latlon
from geoclip_core.errors import WeightsError
from geoclip_core.model import location_encoder as architecture
from geoclip_core.model.clip import load_towers
from geoclip_core.model.geoclip import GeoCLIP
from geoclip_core.model.image_encoder import projection_mlp
from geoclip_core.weights.convert import read_clip
from geoclip_core.weights.registry import MODELS, WeightsRecord, find_record
from geoclip_core.weights.resolve import find_clip, released_file

_NOTHING = 1e-20  # of a weight: adds nothing to a float32 sum whose terms are about 0.01


class LocationEncoder(architecture.LocationEncoder):
    """The location encoder, with a way to load released weights."""

    @classmethod
    def from_pretrained(cls, name: str = "geoclip") -> LocationEncoder:
        """The released location encoder, on the CPU, in evaluation mode, without gradients.

        Args:
            name: A model of the registry.

        Raises:
            WeightsError: The model is unknown or its weights are damaged.
        """
        record = find_record(name)
        encoder = cls(record.sigmas)
        _fill(encoder, read_released(record, "location_encoder"), "location encoder")
        return encoder


def read_released(record: WeightsRecord, part: str) -> dict[str, Tensor]:
    """State dict of one part of a model, from a file whose digest has been checked.

    Weights below 1e-20 are zeros here. Weight decay has left some 150,000 of them in the released location encoder,
    two thirds of them subnormal numbers, with which a processor multiplies many times slower; the vectors are the same.

    Raises:
        WeightsError: The model has no such part, or its file is damaged.
    """
    loaded = _load(_file(record, part))
    if not isinstance(loaded, Mapping):
        raise WeightsError(f"The part {part} of {record.name} holds no state dict")
    return {name: torch.where(value.abs() < _NOTHING, 0, value) for name, value in loaded.items()}


def read_logit_scale(record: WeightsRecord) -> float:
    """Factor on cosines, ``exp`` of the released parameter: 39.687 for GeoCLIP."""
    value = _load(_file(record, "logit_scale"))
    if not isinstance(value, Tensor) or value.numel() != 1:
        raise WeightsError(f"The logit scale of {record.name} is not one number")
    return float(value.detach().exp())


def read_gallery(record: WeightsRecord) -> npt.NDArray[np.float64]:
    """Points of a model's gallery.

    Returns:
        (n, 2) float64 degrees, latitude first, in the released order, duplicates included.
    """
    path = _file(record, "gallery")
    with path.open(encoding="utf-8") as stream:
        if stream.readline().strip() != "LAT,LON":
            raise WeightsError(f"{path} does not begin with the columns LAT,LON")
        points = np.loadtxt(stream, delimiter=",", dtype=np.float64)
    return check_latlon(points, name=f"gallery of {record.name}")


def load_geoclip(
    clip: str | Path | None = None, *, dtype: torch.dtype = torch.float32, name: str = "geoclip"
) -> GeoCLIP:
    """The full network with its released weights, on the CPU, in evaluation mode, without gradients.

    Args:
        clip: Where CLIP's weights are; None looks in the usual places and never downloads.
        dtype: Precision of CLIP's towers. The heads stay in float32.
        name: A model of the registry that has an image part.

    Raises:
        MissingWeightsError: CLIP's weights are not on this machine.
        WeightsError: A file is damaged or does not fit.
    """
    record = find_record(name)
    if "image_mlp" not in record.parts:
        known = ", ".join(n for n, r in MODELS.items() if r.backbone)
        raise WeightsError(f"The model {name} has no image encoder", allowed=known)
    image, text = load_towers(read_clip(find_clip(clip)), dtype)
    mlp_state = read_released(record, "image_mlp")
    dim, inputs = mlp_state["2.weight"].shape
    width, side = int(image.output_dim), int(image.image_size[0])  # type: ignore[arg-type,index]
    if (width, side) != (inputs, record.preprocess.size):
        raise WeightsError(
            f"These CLIP weights make {width} numbers of {side} x {side} pixels; GeoCLIP's head takes {inputs}, of "
            f"{record.preprocess.size} x {record.preprocess.size} pixels",
            allowed="CLIP ViT-L/14",
            hint="name the file of CLIP ViT-L/14 (tag openai)",
        )
    mlp = projection_mlp(inputs, dim)
    _fill(mlp, mlp_state, "image head")
    model = GeoCLIP(image, text, mlp, LocationEncoder.from_pretrained(name))
    model.logit_scale.data.fill_(float(np.log(read_logit_scale(record))))
    return model.eval().requires_grad_(False)


def _file(record: WeightsRecord, part: str) -> Path:
    if part not in record.parts:
        raise WeightsError(f"The model {record.name} has no part {part}", allowed=", ".join(record.parts))
    return released_file(record.parts[part])


def _load(path: Path) -> object:
    try:
        loaded: object = torch.load(path, map_location="cpu", weights_only=True)
    except (RuntimeError, OSError, EOFError, pickle.UnpicklingError) as error:
        raise WeightsError(f"{path} cannot be read ({error})", hint="install geoclip==1.3.0 again") from error
    return loaded


def _fill(module: nn.Module, state: Mapping[str, Tensor], word: str) -> None:
    try:
        module.load_state_dict(dict(state), strict=True)
    except RuntimeError as error:
        raise WeightsError(f"The weights do not fit the {word}: {' '.join(str(error).split())[:300]}") from error
    module.eval().requires_grad_(False)
