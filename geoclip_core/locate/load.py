"""From a model's name to a locator: weights, gallery, and the sources of evidence that the model asks."""

from __future__ import annotations

from pathlib import Path

from geoclip_core.earth.coordinates import Floats
from geoclip_core.errors import MissingWeightsError
from geoclip_core.evaluation.calibration_file import Calibration
from geoclip_core.evidence.network import Network
from geoclip_core.evidence.registry import sources_of
from geoclip_core.files import Progress
from geoclip_core.locate.gallery import load_gallery, load_sample
from geoclip_core.locate.large.folder import open_gallery
from geoclip_core.locate.locator import Locator
from geoclip_core.model.device import choose_device, choose_dtype
from geoclip_core.model.location_encoder import BaseLocationEncoder
from geoclip_core.model.packed import pack
from geoclip_core.weights.calibration import find_calibration
from geoclip_core.weights.load import LocationEncoder as PretrainedLocationEncoder
from geoclip_core.weights.load import load_geoclip, read_gallery, read_logit_scale
from geoclip_core.weights.local import find_local, load_local
from geoclip_core.weights.registry import MODELS, find_record
from geoclip_core.weights.resolve import find_clip

FULL_MODEL_HINT = "get the full model with `python -m geoclip_core weights fetch` or the button on the page"


def load_locator(
    name: str = "auto",
    device: str = "auto",
    precision: str = "auto",
    *,
    clip: str | Path | None = None,
    gallery: str | Path | None = None,
    progress: Progress | None = None,
) -> Locator:
    """Load a model. Nothing is ever downloaded here.

    Args:
        name: ``"geoclip"``, ``"embedded"``, or ``"auto"``: ``geoclip`` where CLIP's weights are on this
            machine, else ``embedded``; ``Locator.reason`` says why. Or a model that was trained and exported
            here: its name, or the path of its folder (see ``weights.local``).
        device: ``"auto"``, ``"cpu"``, ``"cuda"``, ``"mps"``, or any torch device.
        precision: Of CLIP's towers: ``"float32"``, ``"bfloat16"``, or ``"auto"``: bfloat16 where the device
            computes in it. What is stored or compared is always float32.
        clip: Where CLIP's weights are; see ``weights.resolve.find_clip``.
        gallery: Folder of a larger gallery than the model's own, which ``python -m geoclip_core gallery`` made: up to
            a hundred million points. Answers are then not calibrated.
        progress: Told how far the first encoding of the gallery is: points done, points in all.

    Raises:
        MissingWeightsError: ``"geoclip"`` was asked for and CLIP's weights are not on this machine.
        WeightsError: An unknown model, a damaged file, or a gallery of another model.
        MissingDependencyError: The gallery has an index, and the package faiss is not installed.
        DeviceError: The device is not on this machine.
        QueryError: An unknown precision.
        DataError: The calibration beside the model is damaged, or that of another model.
    """
    reason = ""
    if name == "auto":
        try:
            name, reason = "geoclip", f"CLIP's weights were found in {find_clip(clip).found}"
        except MissingWeightsError as error:
            if clip is not None:
                raise
            name, reason = "embedded", error.problem.partition(" Looked in")[0]
    where = choose_device(device)
    dtype = choose_dtype(precision, where)
    if name not in MODELS:
        local = find_local(name)
        trained = load_local(local, clip, dtype=dtype).to(where)
        pack(trained.image_encoder.tower)
        encoder: BaseLocationEncoder = trained.location_encoder
        network = Network(encoder, trained.image_encoder, trained.text_encoder, local.preprocess, local.name)
        calibration = find_calibration(local.name, local.folder)
        own = trained.gallery, trained.scale
        return _locator(local.name, network, *own, progress, calibration=calibration, larger=gallery)
    record = find_record(name)
    if record.backbone:
        model = load_geoclip(clip, dtype=dtype, name=name).to(where)
        pack(model.image_encoder.tower)
        network = Network(model.location_encoder, model.image_encoder, model.text_encoder, record.preprocess)
    else:
        network = Network(PretrainedLocationEncoder.from_pretrained(name).to(where))
    calibration = find_calibration(name)
    own = read_gallery(record), read_logit_scale(record)
    return _locator(name, network, *own, progress, reason, calibration, gallery)


def _locator(
    name: str,
    network: Network,
    points: Floats,
    scale: float,
    progress: Progress | None,
    reason: str = "",
    calibration: Calibration | None = None,
    larger: str | Path | None = None,
) -> Locator:
    if larger is not None:
        gallery = load_sample(open_gallery(larger, network.location_encoder), progress)
        calibration = None  # it was measured with the model's own gallery
    else:
        gallery = load_gallery(network.location_encoder, points, progress)
    if network.image_encoder is not None:
        _ = gallery.vectors  # every photo is compared with them
    sources, shown = sources_of(network)
    hint = FULL_MODEL_HINT if network.image_encoder is None else None
    return Locator(
        name,
        sources,
        network.location_encoder,
        gallery,
        scale,
        shown=shown,
        reason=reason,
        hint=hint,
        calibration=calibration,
    )
