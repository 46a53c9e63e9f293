"""What a training run can be told: the network's sizes and the recipe, with the paper's values as defaults.

"Paper" is GeoCLIP (Vivanco Cepeda, Nayak, Shah; NeurIPS 2023). Values marked "recalled" are as remembered from
the paper's text; the others are in the released code or agree in several independent code bases.
"""

from __future__ import annotations

from dataclasses import InitVar, dataclass, field
from typing import Any, Literal

from geoclip_core.errors import TrainingError
from geoclip_core.model.backbones.registry import CLIP_L14
from geoclip_core.model.clip import ClipShape
from geoclip_core.model.location_encoder import PAPER_SIGMAS

MAX_SCALE = 100.0  # CLIP, section 2.5: the scale is clipped so that logits are not scaled by more than 100


@dataclass(frozen=True)
class TowerConfig:
    """The image tower: what the two trained layers stand behind.

    Attributes:
        kind: ``features``: nothing, the inputs are features made beforehand; ``clip``: a CLIP image tower, whose
            weights come from outside; ``timm``: an architecture of timm, trained from scratch.
        width: Dimension of the features, for ``features`` (CLIP ViT-L/14: 768; paper, section 4).
        clip: Sizes, for ``clip``.
        backbone: Name of the backbone that ``clip`` takes its weights and its activation from, see ``model.backbones``.
        architecture: Name of a timm model, for ``timm``.
        options: Arguments of that timm model.
        train: ``none``: frozen, as in the paper; ``all``; ``lora``: low-rank steps in the last blocks of ``clip``.
        lora_rank: Rank of those steps (Hu et al. 2021, section 7.2: 4 to 8 do).
        lora_blocks: How many of the last blocks take them.
        half: Keep a frozen tower in bfloat16.
    """

    kind: Literal["features", "clip", "timm"] = "features"
    width: int = 768
    clip: ClipShape = field(default_factory=ClipShape)
    architecture: str = ""
    options: dict[str, Any] = field(default_factory=dict)
    train: Literal["none", "all", "lora"] = "none"
    lora_rank: int = 8
    lora_blocks: int = 2
    half: bool = False
    backbone: str = CLIP_L14


@dataclass(frozen=True)
class Speed:
    """What saves time or memory and changes nothing else; a resumed run may have other values.

    Attributes:
        checkpointing: Compute the layers of a tower that is trained again in the backward pass instead of keeping what
            they made: less memory, about a third more time.
        compile: Let torch.compile build faster code for the networks, which takes a minute or more at the start.
    """

    checkpointing: bool = False
    compile: bool = False


@dataclass(frozen=True)
class LocationConfig:
    """Which location encoder, and its sizes; an encoder leaves out the sizes that it has no use for.

    Attributes:
        kind: A name in ``model.location_encoders.LOCATION_ENCODERS``; ``geoclip`` is the paper's.
        encoder: Another spelling of ``kind``; the one that is given counts.
        options: What only that encoder takes, such as ``frequencies`` of ``sphere_c_plus``.
        sigmas: Scales of the Fourier features (paper, section 4: 2^0, 2^4, 2^8).
        rows: Random directions per scale (released code: 256).
        width: Hidden units (released code: 1024).
        dim: Dimension of the common space (paper: 512).
        projection: Equal Earth (paper), or plain degrees (its ablation).
    """

    sigmas: tuple[float, ...] = PAPER_SIGMAS
    rows: int = 256
    width: int = 1024
    dim: int = 512
    projection: bool = True
    kind: str = "geoclip"
    encoder: InitVar[str | None] = None
    options: dict[str, Any] = field(default_factory=dict)

    def __post_init__(self, encoder: str | None) -> None:
        """Take the other spelling of the encoder's name.

        Raises:
            TrainingError: Both spellings are given, and differ.
        """
        if encoder is None:
            return
        if self.kind not in ("geoclip", encoder):
            raise TrainingError(
                f"location.kind is {self.kind!r} and location.encoder is {encoder!r}", hint="leave one of them out"
            )
        object.__setattr__(self, "kind", encoder)


@dataclass(frozen=True)
class Recipe:
    """How the network is trained.

    Attributes:
        optimizer: A name in ``learning.optim.optimizers.OPTIMIZERS``: ``adam`` (paper); ``adamw``: weight decay apart
            from the gradient (Loshchilov and Hutter 2019); ``muon``: orthogonal steps for matrices and convolutions,
            Adam for the rest (Jordan et al. 2024; not in the paper), see ``Muon``.
        learning_rate: Of Adam and AdamW (agreed: 3e-5).
        matrix_rate: Of Muon's matrices (Jordan et al., recalled: 0.02).
        weight_decay: Of Adam, as L2 (agreed: 1e-6); of AdamW, as a share of the weights per step and learning rate.
        decay: Factor on the learning rate after every epoch (agreed: StepLR, 0.87).
        decay_steps: Steps after which ``decay`` is applied instead, where an epoch has so few that the learning rate
            would be lost: an epoch of the paper's 4.7 million photos has 9,200. 0: once per epoch.
        schedule: A name in ``learning.optim.schedule.SCHEDULES``: ``step``: the paper's; ``cosine``: half a cosine down
            to 0 at the last step.
        warmup_steps: Steps over which the learning rate rises from 0 first (paper: none).
        temperature: Where the learnable scale starts, as 1/scale (CLIP and released code: 0.07).
        queue_size: Coordinates in the queue of negatives (paper, section 4: 4096).
        queue_noise_m: Gaussian noise on the queue, metres per axis (recalled: 1000).
        noise_m: Gaussian noise on the batch's coordinates, metres per axis (recalled: 150).
        gather: With several processes, use the places of the joined batch as negatives.
        shared_queue: With several processes, queue the joined batch, so that every rank has the same queue;
            otherwise each keeps its own.
        symmetric: Also find the photo of each place (CLIP; not in the paper).
        hard_negatives: Further negatives per photo: the nearest real places of a sample (not in the paper).
        hard_beyond_km: Distance up to which a hard negative would be the same place.
        geocell_photos: Tell a photo from the centres of all geocells instead of from other places: how many photos a
            cell holds at most (not in the paper; PlaNet, recalled: 10,000 of 91 million photos in 26,263 cells). Queue,
            hard negatives and ``symmetric`` are not used then. 0: no geocells.
        geocell_smoothing_km: How far a label reaches around a photo, see ``geocell_loss``.
        seed: Of noise, queue and hard negatives; None takes the run's ``seed_everything``.
    """

    optimizer: str = "adam"
    learning_rate: float = 3e-5
    matrix_rate: float = 0.02
    weight_decay: float = 1e-6
    decay: float = 0.87
    decay_steps: int = 0
    schedule: str = "step"
    warmup_steps: int = 0
    temperature: float = 0.07
    queue_size: int = 4096
    queue_noise_m: float = 1000.0
    noise_m: float = 150.0
    gather: bool = True
    shared_queue: bool = True
    symmetric: bool = False
    hard_negatives: int = 0
    hard_beyond_km: float = 25.0
    geocell_photos: int = 0
    geocell_smoothing_km: float = 75.0
    seed: int | None = None


def read_settings(settings: dict[str, Any]) -> tuple[TowerConfig, LocationConfig, Recipe]:
    """The settings that a checkpoint holds as plain values; those that were not yet known then take their defaults."""
    tower = dict(settings["tower"])
    location = dict(settings["location"])
    tower["clip"] = ClipShape(**tower["clip"])
    location["sigmas"] = tuple(location["sigmas"])
    return TowerConfig(**tower), LocationConfig(**location), Recipe(**settings["recipe"])
