"""Models on this machine that training exported: found by name or by path, checked, loaded.

A model is a folder of three files; ``learning/run/model_folder.py`` describes them. By name it is looked for in
``$GEOCLIP_MODELS`` where that is set, else in ``models`` in the user's data folder.
"""

from __future__ import annotations

import os
import warnings
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from platformdirs import user_data_path
from torch import nn

from geoclip_core.errors import WeightsError
from geoclip_core.model.backbones.digest import tower_digest
from geoclip_core.model.backbones.load import Backbone, load_backbone
from geoclip_core.model.backbones.registry import (
    CLIP_L14,
    UNCHECKED,
    BackboneRecord,
    find_backbone,
    parse_tower_label,
)
from geoclip_core.model.backbones.timm_tower import timm_tower
from geoclip_core.model.clip import ClipShape, build_towers
from geoclip_core.model.image_encoder import ImageEncoder, projection_mlp
from geoclip_core.model.location_encoder import BaseLocationEncoder
from geoclip_core.model.location_encoders import build_location_encoder
from geoclip_core.model.record import (
    AGAIN,
    GALLERY,
    RECORD,
    TENSORS,
    checked_file,
    read_content,
    read_gallery_points,
    read_tensors,
)
from geoclip_core.model.text_encoder import TextEncoder
from geoclip_core.photo.preprocess import Preprocess
from geoclip_core.weights.convert import read_backbone
from geoclip_core.weights.digests import cached_sha256
from geoclip_core.weights.registry import MODELS
from geoclip_core.weights.resolve import find_weights

FORMAT = 1
MODELS_VARIABLE = "GEOCLIP_MODELS"


@dataclass(frozen=True)
class LocalRecord:
    """A model that was trained and exported here.

    Attributes:
        name: What ``load_locator`` takes, besides the folder's path.
        summary: One sentence for the page and ``weights list``.
        folder: Where its files are.
        licence: SPDX identifier of its weights.
        paper: Citation of the method.
        backbone: The backbone whose weights are needed besides; None where the model holds its own tower.
        metrics: Of the last validation: shares within 1, 25, 200, 750 and 2500 km, and the median error in km.
        preprocess: How a photo becomes the network's input.
        content: All that ``record.json`` holds.
    """

    name: str
    summary: str
    folder: Path
    licence: str
    paper: str
    backbone: BackboneRecord | None
    metrics: Mapping[str, float]
    preprocess: Preprocess
    content: Mapping[str, Any]


class LocalModel(nn.Module):
    """A loaded model, in evaluation mode, without gradients.

    Attributes:
        image_encoder: From pixels to vectors.
        text_encoder: From sentences to vectors, where the model stands behind a backbone with a text tower; else None.
        location_encoder: From points to vectors.
        gallery: (g, 2) float64 degrees, the points to choose from.
        scale: Factor on cosines.
    """

    def __init__(
        self,
        image_encoder: ImageEncoder,
        text_encoder: TextEncoder | None,
        location_encoder: BaseLocationEncoder,
        gallery: npt.NDArray[np.float64],
        scale: float,
    ) -> None:
        super().__init__()
        self.image_encoder, self.text_encoder, self.location_encoder = image_encoder, text_encoder, location_encoder
        self.gallery, self.scale = gallery, scale
        self.eval().requires_grad_(False)


def models_folder() -> Path:
    """Where models are looked for by name: ``$GEOCLIP_MODELS``, else the user's data folder."""
    given = os.environ.get(MODELS_VARIABLE)
    return Path(given).expanduser() if given else user_data_path("geoclip_core", appauthor=False) / "models"


def survey_models() -> tuple[list[LocalRecord], list[str]]:
    """Models in the models' folder by name, and in words why folders are passed over."""
    found: dict[str, LocalRecord] = {}
    wrong: list[str] = []
    try:
        folders = sorted(path.parent for path in models_folder().glob(f"*/{RECORD}"))
    except OSError:  # a folder that cannot be read is as good as none
        return [], []
    for folder in folders:
        try:
            record = read_record(folder)
        except WeightsError as error:
            wrong.append(f"A model is passed over: {error}")
            continue
        if record.name in MODELS or record.name in found:
            wrong.append(f"A model is passed over: the name {record.name} of {folder} is taken")
            continue
        found[record.name] = record
    return [found[name] for name in sorted(found)], wrong


def local_models() -> list[LocalRecord]:
    """Models in the models' folder, by name; a folder whose record cannot be used is passed over with a warning."""
    found, wrong = survey_models()
    for words in wrong:
        warnings.warn(words, stacklevel=2)
    return found


def find_local(name: str) -> LocalRecord:
    """The record of an exported model.

    Args:
        name: Path of its folder, or its name where the folder lies in the models' folder.

    Raises:
        WeightsError: There is no such model, or its record cannot be used.
    """
    folder = Path(name).expanduser()
    if (folder / RECORD).is_file():
        return read_record(folder)
    known = {record.name: record for record in local_models()}
    if name in known:
        return known[name]
    raise WeightsError(
        f"There is no model called {name!r}, and no folder with a {RECORD} of that name",
        allowed=f"auto, {', '.join([*MODELS, *known])}, or the folder of an exported model",
        hint=f"choose one of these, or set {MODELS_VARIABLE} to the folder that your models' folders are in",
    )


def read_record(folder: Path) -> LocalRecord:
    """The record of a folder's model; only ``record.json`` is read.

    Raises:
        WeightsError: It cannot be read, is of another format, or says too little to answer with.
    """
    path = folder / RECORD
    content = read_content(folder)
    try:
        form, kind = content["format"], content["image"]["kind"]
    except (LookupError, TypeError) as error:
        raise WeightsError(f"{path} cannot be read as a model's record ({error})", hint=AGAIN) from error
    if form != FORMAT or kind not in ("clip", "timm", "features"):
        raise WeightsError(
            f"{path} is of format {form!r} with an image part of kind {kind!r}",
            allowed=f"format {FORMAT}, and clip, timm or features",
            hint="install the version of this package that wrote it",
        )
    seen = content.get("preprocess")
    backbone = _backbone_of(content["image"], path)
    if seen is None:
        raise WeightsError(f"{path} does not say how photos are prepared, so the model cannot be shown photos")
    try:
        return LocalRecord(
            str(content["name"]),
            str(content["summary"]),
            folder,
            str(content["licence"]),
            str(content["paper"]),
            backbone if not content["image"]["included"] else None,
            MappingProxyType({name: float(value) for name, value in content["metrics"].items()}),
            Preprocess.from_record(seen),
            MappingProxyType(content),
        )
    except (LookupError, TypeError, ValueError, AttributeError) as error:
        raise WeightsError(f"{path} is not a whole record ({error!r})", hint=AGAIN) from error


def _backbone_of(image: Mapping[str, Any], path: Path) -> BackboneRecord | None:
    """The backbone that a record's image part names; older records name CLIP ViT-L/14 by ``CLIP`` or not at all."""
    kind, label = image["kind"], str(image.get("tower"))
    if kind == "timm":
        return None
    if kind == "features" and " " not in label:
        raise WeightsError(
            f"{path} does not say which tower made the features it learned from, so the model cannot be shown photos"
        )
    name = image.get("backbone")
    return find_backbone(name) if name else parse_tower_label(label)[0]


def load_local(
    record: LocalRecord, clip: str | Path | None = None, *, dtype: torch.dtype = torch.float32
) -> LocalModel:
    """A model with its weights, on the CPU.

    Args:
        record: Which.
        clip: Where the backbone's weights are, for a model that needs them; None looks in the usual places.
        dtype: Precision of the backbone's towers.

    Raises:
        MissingWeightsError: The backbone's weights are needed and not on this machine.
        WeightsError: A file is damaged, does not fit, or the backbone is not what the model was trained behind.
    """
    state = read_tensors(checked_file(record.folder, record.content, TENSORS, cached_sha256))
    image = record.content["image"]
    try:
        encoder = build_location_encoder(**record.content["location_encoder"])
        mlp = projection_mlp(int(image["width"]), encoder.dim)
        text: nn.Module | None = None
        if record.backbone is not None:
            tower, text, _ = _backbone_towers(record, clip, dtype)
        elif image["kind"] == "timm":
            tower, _ = timm_tower(image["architecture"], image["options"])
        else:
            activation = find_backbone(image.get("backbone") or CLIP_L14).activation
            tower, _ = build_towers(ClipShape(**image["clip"]), activation=activation)
        parts = {"location_encoder": encoder, "image_mlp": mlp}
        parts |= {"image_tower": tower} if record.backbone is None else {}
        for name, module in parts.items():
            of_part = {k.removeprefix(f"{name}."): v for k, v in state.items() if k.startswith(f"{name}.")}
            module.load_state_dict(of_part, strict=True)
        scale = float(state["logit_scale"].exp())
    except (RuntimeError, LookupError, TypeError, ValueError) as error:
        if isinstance(error, WeightsError):
            raise
        reason = " ".join(str(error).split())[:300]
        raise WeightsError(f"{record.folder} does not hold what its record says ({reason})", hint=AGAIN) from error
    gallery = read_gallery_points(checked_file(record.folder, record.content, GALLERY, cached_sha256))
    words = TextEncoder(text, mlp) if text is not None else None
    return LocalModel(ImageEncoder(tower, mlp), words, encoder, gallery, scale)


def load_local_encoder(record: LocalRecord) -> BaseLocationEncoder:
    """Only the location encoder of a model, in evaluation mode; the backbone's weights are not needed.

    Raises:
        WeightsError: A file is damaged, or does not hold what the record says.
    """
    state = read_tensors(checked_file(record.folder, record.content, TENSORS, cached_sha256))
    part = "location_encoder."
    try:
        encoder = build_location_encoder(**record.content["location_encoder"])
        encoder.load_state_dict({k.removeprefix(part): v for k, v in state.items() if k.startswith(part)})
    except (RuntimeError, LookupError, TypeError, ValueError) as error:
        reason = " ".join(str(error).split())[:300]
        raise WeightsError(f"{record.folder} does not hold what its record says ({reason})", hint=AGAIN) from error
    return encoder.eval().requires_grad_(False)


def _backbone_towers(record: LocalRecord, clip: str | Path | None, dtype: torch.dtype) -> Backbone:
    """Towers of a backbone whose weights come from outside, if they are those that the model was trained behind.

    It may have been trained in float32 or in bfloat16, and the digest tells; both look alike to it.
    """
    backbone = record.backbone
    assert backbone is not None
    found = find_weights(backbone, clip)
    state = read_backbone(found, backbone)
    wanted = str(record.content["image"]["tower"]).rpartition(" ")[2]
    if wanted == UNCHECKED:
        warnings.warn(
            f"Whether {found.path} made the features that the model {record.name} was trained on was never checked",
            stacklevel=2,
        )
        return load_backbone(backbone.name, state, dtype)
    for kind in (torch.float32, torch.bfloat16):
        towers = load_backbone(backbone.name, state, kind)
        if tower_digest(towers.image) == wanted:
            return towers if kind == dtype else load_backbone(backbone.name, state, dtype)
    what = "CLIP" if backbone.family == "clip" else backbone.title
    raise WeightsError(
        f"The model {record.name} was trained behind another {what} than that of {found.path}",
        hint="name the weights it was trained behind",
    )
