"""GPS2Vec: a network per UTM zone learns what the photos near a place hold, and its output is the place's vector.

Yin, Liu, Zhang, Wang, Shah, Zimmermann, "GPS2Vec", SIGSPATIAL 2019. Adapted: the pool is the training photos of the
task instead of a million of Flickr; distances are along the sphere; one hidden layer instead of 512, 1024 and 2048
units, and Adam instead of SGD, as a zone has tens of photos here; a zone with too few photos uses the nearest zone that
has enough. Where hardly any has, zones mean nothing: see ``LEAST_SHARE``.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from geoclip_core.earth.distance import great_circle_km
from geoclip_core.evaluation.downstream.photos import TaggedPhotos
from geoclip_core.rivals.tagging.neighbours import gather, gaussian_weights, nearest_photos, to_unit_sum
from geoclip_core.rivals.tagging.zones import GRID, soft_grid, utm_zones, zone_grid

Array = npt.NDArray[np.float32]
Ints = npt.NDArray[np.int64]
Loss = Callable[[Tensor, Tensor], Tensor]
"""From outputs and targets (Z, n, outputs) to the mean loss."""

NEAR_KM = 25.0  # width of the weights of neighbours (ours: the paper's sigma_w was not found)
LEAST_PHOTOS = 5
"""Training photos of a zone that has a network of its own (ours; GPS2Vec has a million photos, and tells no limit)."""

LEAST_SHARE = 0.5
"""Share of the training photos that zones with ``LEAST_PHOTOS`` must hold between them. Below it every zone with a
photo keeps its network: else a few zones, which happen to hold five photos, would answer for most of the Earth, and the
row would tell of these zones instead of the method (ours)."""

_BLOCK = 2048


@dataclass(frozen=True)
class ZoneTraining:
    """How the networks of all zones are trained, side by side.

    Attributes:
        hidden: Units of the hidden layer.
        steps: Of Adam.
        learning_rate: Of Adam.
        per_zone: Photos of each zone per step, drawn with replacement.
        grid: Cells along each side of a zone (GPS2Vec's code: 20).
        seed: Of weights and order.
    """

    hidden: int = 64
    steps: int = 200
    learning_rate: float = 5e-3
    per_zone: int = 8
    grid: int = GRID
    seed: int = 0


class ZoneNetworks(nn.Module):
    """Z networks of one hidden layer side by side, which share no weight.

    Args:
        zones: Z.
        inputs: Of each.
        hidden: Units.
        outputs: Of each.
    """

    def __init__(self, zones: int, inputs: int, hidden: int, outputs: int) -> None:
        super().__init__()
        self.first = nn.Parameter(torch.randn(zones, inputs, hidden) * math.sqrt(2 / inputs))
        self.first_bias = nn.Parameter(torch.zeros(zones, 1, hidden))
        self.last = nn.Parameter(torch.randn(zones, hidden, outputs) * math.sqrt(1 / hidden))
        self.last_bias = nn.Parameter(torch.zeros(zones, 1, outputs))

    def forward(self, x: Tensor, rows: Tensor | None = None) -> Tensor:
        """(Z, n, outputs) of (Z, n, inputs): n points of each zone; with ``rows``, of these zones only."""
        parts = (self.first, self.first_bias, self.last, self.last_bias)
        first, first_bias, last, last_bias = parts if rows is None else (part[rows] for part in parts)
        return torch.baddbmm(last_bias, torch.relu(torch.baddbmm(first_bias, x, first)), last)


def known_zones(photos: TaggedPhotos) -> tuple[Ints, Ints, int]:
    """Zones that have a network, the one of them that each photo uses, and how many photos use another zone's.

    A zone needs ``LEAST_PHOTOS``, unless such zones hold less than ``LEAST_SHARE`` of the training photos.

    Returns:
        (Z,) zone numbers, (n,) rows of them, and the count.
    """
    zone = utm_zones(photos.latlon)
    names, counts = np.unique(zone[photos.train], return_counts=True)
    enough = counts >= LEAST_PHOTOS
    kept = names[enough] if counts[enough].sum() >= LEAST_SHARE * counts.sum() else names
    centres = np.array([zone_grid(int(one), 1)[0] for one in kept])
    use = np.searchsorted(kept, zone).clip(max=len(kept) - 1)
    elsewhere = np.flatnonzero(kept[use] != zone)
    for part in np.array_split(elsewhere, max(1, len(elsewhere) // _BLOCK)):
        use[part] = great_circle_km(photos.latlon[part][:, None], centres).argmin(axis=1)
    return kept, use, len(elsewhere)


def tag_context(photos: TaggedPhotos, training: ZoneTraining) -> Array:
    """Tag scores (n, v) that sum to 1: the vectors of GPS2Vec, from the KL divergence to the tags of near photos."""
    rows, km = nearest_photos(photos)
    targets = to_unit_sum(gather(rows, gaussian_weights(km, NEAR_KM), photos.tags[photos.train]))
    logits = _learn(photos, targets, training, lambda found, wanted: -(wanted * found.log_softmax(-1)).sum(-1).mean())
    return torch.from_numpy(logits).softmax(dim=1).numpy()


def visual_context(photos: TaggedPhotos, training: ZoneTraining) -> Array:
    """Vectors (n, w) that point to the mean visual feature of the near photos: what GPS2Vec+ adds.

    Yin et al., "Learning Multi-context Aware Location Representations", ACM MM 2021, predict the mean class posteriors
    (1,000 objects, 365 scenes) of near photos; here the mean of the frozen visual features, by cosine.
    """
    assert photos.visual is not None
    visual = photos.visual / np.maximum(np.linalg.norm(photos.visual, axis=1, keepdims=True), 1e-12)
    rows, km = nearest_photos(photos)
    weights = to_unit_sum(gaussian_weights(km, NEAR_KM).astype(np.float32) * (rows >= 0))
    own = visual[photos.train]
    targets = np.stack([w @ own[r] for w, r in zip(weights, np.maximum(rows, 0), strict=True)])
    return _learn(
        photos, targets, training, lambda found, wanted: 1 - F.cosine_similarity(found, wanted, dim=-1).mean()
    )


def _learn(photos: TaggedPhotos, targets: Array, training: ZoneTraining, loss_of: Loss) -> Array:
    """Train the networks of all zones, and give their outputs (n, outputs) for all photos."""
    zones, use, _ = known_zones(photos)
    members = [photos.train[(use[photos.train] == row)] for row in range(len(zones))]
    inputs = np.empty((len(use), training.grid**2), dtype=np.float32)
    for row, zone in enumerate(zones):
        here = use == row
        inputs[here] = soft_grid(photos.latlon[here], int(zone), training.grid)
    grids, wanted = torch.from_numpy(inputs), torch.from_numpy(targets)
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(training.seed)
        nets = ZoneNetworks(len(zones), training.grid**2, training.hidden, targets.shape[1])
    optimizer = torch.optim.Adam(nets.parameters(), lr=training.learning_rate)
    chance = np.random.default_rng(training.seed)
    for _ in range(training.steps):
        drawn = torch.from_numpy(np.stack([chance.choice(own, training.per_zone) for own in members]))
        optimizer.zero_grad()
        torch.autograd.backward(loss_of(nets(grids[drawn]), wanted[drawn]))
        optimizer.step()
    found = np.empty((len(use), targets.shape[1]), dtype=np.float32)
    with torch.inference_mode():
        for row in range(len(zones)):
            here = np.flatnonzero(use == row)
            if len(here):
                found[here] = nets(grids[here][None], torch.tensor([row]))[0].numpy()
    return found
