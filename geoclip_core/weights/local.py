"""Models on this machine that training exported: found by name or by path, checked, loaded.

A model is a folder of three files; ``learning/export.py`` describes them. Folders of folders are searched for names:
``$GEOCLIP_MODELS`` where it is set, else ``models`` in the user's data folder.
"""

from __future__ import annotations

import json
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
from safetensors import SafetensorError
from safetensors.torch import load_file
from torch import Tensor, nn

from geoclip_core.earth.coordinates import check_latlon
from geoclip_core.errors import CoordinateError, WeightsError
from geoclip_core.model.clip import ClipShape, build_towers, load_towers
from geoclip_core.model.image_encoder import ImageEncoder, projection_mlp
from geoclip_core.model.location_encoder import LocationEncoder
from geoclip_core.model.text_encoder import TextEncoder
from geoclip_core.model.timm_tower import timm_tower, tower_digest
from geoclip_core.photo.preprocess import Preprocess
from geoclip_core.weights.convert import read_clip
from geoclip_core.weights.registry import MODELS
from geoclip_core.weights.resolve import find_clip, sha256

FORMAT = 1
RECORD, TENSORS, GALLERY = "record.json", "model.safetensors", "gallery.npy"
MODELS_VARIABLE = "GEOCLIP_MODELS"

_AGAIN = "export the model again with training/export_weights.py"


@dataclass(frozen=True)
class LocalRecord:
    """A model that was trained and exported here.

    Attributes:
        name: What ``load_locator`` takes, besides the folder's path.
        summary: One sentence for the page and ``weights list``.
        folder: Where its files are.
        licence: SPDX identifier of its weights.
        paper: Citation of the method.
        needs_clip: Whether CLIP's weights are needed besides.
        metrics: Of the last validation: shares within 1, 25, 200, 750 and 2500 km, and the median error in km.
        preprocess: What a photo goes through.
        content: All that ``record.json`` holds.
    """

    name: str
    summary: str
    folder: Path
    licence: str
    paper: str
    needs_clip: bool
    metrics: Mapping[str, float]
    preprocess: Preprocess
    content: Mapping[str, Any]


class LocalModel(nn.Module):
    """A loaded model, in evaluation mode, without gradients.

    Attributes:
        image_encoder: From pixels to vectors.
        text_encoder: From sentences to vectors, where the model looks through a whole CLIP; else None.
        location_encoder: From points to vectors.
        gallery: (g, 2) float64 degrees, the points to choose from.
        scale: Factor on cosines.
    """

    def __init__(
        self,
        image_encoder: ImageEncoder,
        text_encoder: TextEncoder | None,
        location_encoder: LocationEncoder,
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
    """Models in the models' folder by name, and in words what is wrong with the folders that are passed over."""
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
    """What a folder's ``record.json`` says of its model; the other files are not read.

    Raises:
        WeightsError: It cannot be read, is of another format, or says too little to answer with.
    """
    path = folder / RECORD
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
        form, kind = content["format"], content["image"]["kind"]
    except (OSError, ValueError, LookupError, TypeError) as error:
        raise WeightsError(f"{path} cannot be read as a model's record ({error})", hint=_AGAIN) from error
    if form != FORMAT or kind not in ("clip", "timm", "features"):
        raise WeightsError(
            f"{path} is of format {form!r} with an image part of kind {kind!r}",
            allowed=f"format {FORMAT}, and clip, timm or features",
            hint="install the version of this package that wrote it",
        )
    seen, tower = content.get("preprocess"), content["image"].get("tower")
    if seen is None or (kind == "features" and not str(tower).startswith("CLIP ")):
        missing = "how photos are prepared" if seen is None else "which tower made the features it learned from"
        raise WeightsError(f"{path} does not say {missing}, so it cannot look at photos")
    try:
        return LocalRecord(
            str(content["name"]),
            str(content["summary"]),
            folder,
            str(content["licence"]),
            str(content["paper"]),
            kind != "timm" and not content["image"]["included"],
            MappingProxyType({name: float(value) for name, value in content["metrics"].items()}),
            Preprocess(int(seen["size"]), tuple(seen["mean"]), tuple(seen["std"])),
            MappingProxyType(content),
        )
    except (LookupError, TypeError, ValueError, AttributeError) as error:
        raise WeightsError(f"{path} is not a whole record ({error!r})", hint=_AGAIN) from error


def load_local(
    record: LocalRecord, clip: str | Path | None = None, *, dtype: torch.dtype = torch.float32
) -> LocalModel:
    """A model with its weights, on the CPU.

    Args:
        record: Which.
        clip: Where CLIP's weights are, for a model that needs them; None looks in the usual places.
        dtype: Precision of CLIP's towers.

    Raises:
        MissingWeightsError: CLIP's weights are needed and not on this machine.
        WeightsError: A file is damaged, does not fit, or CLIP is not the one that the model was trained behind.
    """
    state = _read_tensors(record)
    image, location = record.content["image"], dict(record.content["location_encoder"])
    try:
        encoder = LocationEncoder(tuple(location.pop("sigmas")), **location)
        mlp = projection_mlp(int(image["width"]), encoder.dim)
        text: nn.Module | None = None
        if record.needs_clip:
            tower, text = _clip_towers(record, clip, dtype)
        elif image["kind"] == "timm":
            tower, _ = timm_tower(image["architecture"], image["options"])
        else:
            tower, _ = build_towers(ClipShape(**image["clip"]))
        parts = {"location_encoder": encoder, "image_mlp": mlp} | ({} if record.needs_clip else {"image_tower": tower})
        for name, module in parts.items():
            of_part = {k.removeprefix(f"{name}."): v for k, v in state.items() if k.startswith(f"{name}.")}
            module.load_state_dict(of_part, strict=True)
        scale = float(state["logit_scale"].exp())
    except (RuntimeError, LookupError, TypeError, ValueError) as error:
        if isinstance(error, WeightsError):
            raise
        reason = " ".join(str(error).split())[:300]
        raise WeightsError(f"{record.folder} does not hold what its record says ({reason})", hint=_AGAIN) from error
    gallery = _read_gallery(record)
    words = TextEncoder(text, mlp) if text is not None else None
    return LocalModel(ImageEncoder(tower, mlp), words, encoder, gallery, scale)


def _checked(record: LocalRecord, name: str) -> Path:
    """Path of a file whose digest is what the record says."""
    path = record.folder / name
    try:
        found, said = sha256(path), str(record.content["files"][name]["sha256"])
    except (OSError, LookupError, TypeError) as error:
        raise WeightsError(f"{path} is missing, or its record does not name it", hint=_AGAIN) from error
    if found != said:
        raise WeightsError(f"{path} is damaged (sha256 {found[:16]}..., its record says {said[:16]}...)", hint=_AGAIN)
    return path


def _read_tensors(record: LocalRecord) -> dict[str, Tensor]:
    path = _checked(record, TENSORS)
    try:
        return load_file(path)
    except (SafetensorError, OSError) as error:
        raise WeightsError(f"{path} cannot be read ({error})", hint=_AGAIN) from error


def _read_gallery(record: LocalRecord) -> npt.NDArray[np.float64]:
    path = _checked(record, GALLERY)
    try:
        return check_latlon(np.load(path, allow_pickle=False).astype(np.float64), name=f"gallery of {record.name}")
    except (CoordinateError, ValueError, OSError, EOFError) as error:
        raise WeightsError(f"{path} holds no points ({error})", hint=_AGAIN) from error


def _clip_towers(record: LocalRecord, clip: str | Path | None, dtype: torch.dtype) -> tuple[nn.Module, nn.Module]:
    """CLIP's towers, if they are those that the model was trained behind.

    It may have been trained in float32 or in bfloat16, and the digest tells; both look alike to it.
    """
    found = find_clip(clip)
    state = read_clip(found)
    wanted = str(record.content["image"]["tower"]).removeprefix("CLIP ")
    for kind in (torch.float32, torch.bfloat16):
        towers = load_towers(state, kind)
        if tower_digest(towers[0]) == wanted:
            return towers if kind == dtype else load_towers(state, dtype)
    raise WeightsError(
        f"The model {record.name} was trained behind another CLIP than that of {found.path}",
        hint="name the weights it was trained behind",
    )
