"""PLONK: a flow that carries the uniform distribution over the sphere to where the photo may have been taken.

Dufour, Picard, Kalogeiton, Landrieu: Around the World in 80 Timesteps, CVPR 2025, arXiv:2412.06781; constants as in the
authors' code. A point x0 drawn evenly on the sphere moves along the great circle to the photo's place x1, ``x(g) =
exp_x0(g log_x0(x1))``, where g runs from 0 to 1; a network v(x, g, photo) learns the velocity dx/dg, with the loss ``|v
- dx/dg|^2 / 3``. g is drawn by a sigmoid schedule with most of its draws near 1, and the photo is left out one time in
ten.

Adapted: a network for a processor (3 blocks of width 128; paper: 12 of 512), AdamW instead of LAMB, no moving average
of weights. The point is the sample, of 16 that start evenly spread, with the least sum of distances to the others; the
paper scores one random sample, and steers it by guidance, which is off here because a steered flow has another density.

The density is exact for the flow as it is computed: each step backwards from place to start is a map of the sphere
whose change of area comes from its derivatives along two tangents; the density is 1 / (4 pi) times the product of these
changes. It therefore integrates to 1 whatever the number of steps, where an integral of the divergence does so only in
the limit.
"""

from __future__ import annotations

import itertools
from typing import Any, ClassVar

import numpy.typing as npt
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from geoclip_core.earth.coordinates import Floats, from_unit_vectors, unit_vectors
from geoclip_core.earth.distance import HALF_TURN_KM, disk_points
from geoclip_core.rivals.contract import LOG_SPHERE, Photos, Rival
from geoclip_core.rivals.training import Standardise, Training, seeded, train

SCHEDULE = (-7.0, 3.0)  # start and end of the sigmoid
DROPPED = 0.1  # share of photos that are left out in training
_WAVES = 16  # of the time embedding
_TRACED = 16_384  # pairs of photo and point walked back at a time
_LARGEST_ANGLE = 3.1  # antipodes have no one great circle between them


class Plonk(Rival):
    """A flow on the sphere.

    Args:
        seed: Of weights, order and draws.
        width: Of the network.
        blocks: Of the network.
        flow_steps: Steps from start to place.
        samples: Of which the point is one.
        draws: Starts and times for each photo of a training step.
        training: The budget.
    """

    SEARCH: ClassVar[dict[str, tuple[Any, ...]]] = {"width": (64, 128, 256)}

    def __init__(
        self,
        seed: int = 0,
        *,
        width: int = 128,
        blocks: int = 3,
        flow_steps: int = 24,
        samples: int = 16,
        draws: int = 4,
        training: Training = Training(),  # noqa: B008 - frozen
    ) -> None:
        super().__init__(seed)
        self.width, self.blocks, self.flow_steps = width, blocks, flow_steps
        self.sample_count, self.draws, self.training = samples, draws, training

    def _fit(self, photos: Photos, latlon: Floats) -> None:
        network = seeded(self.seed, lambda: FlowNetwork(photos, self.width, self.blocks))
        assert isinstance(network, FlowNetwork)
        self.network = self._net = network
        features, ends = torch.from_numpy(photos.features), torch.from_numpy(unit_vectors(latlon)).float()

        def loss(rows: Tensor, draws: torch.Generator) -> Tensor:
            shape = (len(rows), self.draws)
            start = F.normalize(torch.randn(*shape, 3, generator=draws), dim=-1)
            time = schedule(torch.rand(*shape, 1, generator=draws))
            left_out = (torch.rand(len(rows), 1, generator=draws) < DROPPED).float()
            point, velocity = geodesic(start, ends[rows][:, None].expand_as(start), time)
            found = network(point, time, network.condition(features[rows], left_out)[:, None])
            value: Tensor = ((found - velocity) ** 2).sum(-1).mean() / 3
            return value

        train(network, loss, photos.groups, self.training, self.seed)

    def samples(self, features: npt.ArrayLike, count: int) -> Floats:
        """Where the flow carries starts that are evenly spread: (m, count, 2) degrees."""
        photos = Photos.checked(features)
        with torch.no_grad():
            ends = self._samples(photos, count)
        return from_unit_vectors(ends.double().numpy())

    def _samples(self, photos: Photos, count: int) -> Tensor:
        condition = self._net.condition(torch.from_numpy(photos.features))[:, None]
        starts = torch.from_numpy(unit_vectors(disk_points((90.0, 0.0), HALF_TURN_KM, count))).float()
        points = starts.expand(len(photos), -1, -1)
        for time, step in self._times():
            points = walk(points, step * self._net(points, torch.full_like(points[..., :1], time), condition))
        return points

    def _predict(self, photos: Photos) -> Floats:
        ends = self._samples(photos, self.sample_count).double()
        angles = torch.acos((ends @ ends.mT).clamp(-1, 1))
        best = angles.sum(dim=2).argmin(dim=1)
        return from_unit_vectors(ends[torch.arange(len(ends)), best].numpy())

    def _log_density(self, photos: Photos, points: Floats) -> Floats:
        step = max(1, _TRACED // len(photos))
        parts = torch.split(torch.from_numpy(points).float(), step)
        found = [self._traced(photos, part.expand(len(photos), -1, -1)) for part in parts]
        return torch.cat(found, dim=1).numpy()

    def _log_density_at(self, photos: Photos, points: Floats) -> Floats:
        return self._traced(photos, torch.from_numpy(points).float()[:, None])[:, 0].numpy()

    def _traced(self, photos: Photos, points: Tensor) -> Tensor:
        """Log-densities (m, p) of unit vectors (m, p, 3), by walking back to the start."""
        condition = self._net.condition(torch.from_numpy(photos.features))[:, None]
        total = torch.full(points.shape[:2], -LOG_SPHERE, dtype=torch.float64)
        for time, step in reversed(self._times()):

            def back(x: Tensor, late: float = time + step, length: float = step) -> Tensor:
                return walk(x, -length * self._net(x, torch.full_like(x[..., :1], late), condition))

            with torch.enable_grad():
                here = points.detach().requires_grad_()
                moved = back(here)
                axes = tangent_pair(moved.detach())
                rows = [torch.autograd.grad(moved, here, axis, retain_graph=True)[0] for axis in axes]
            total += torch.log(_area(rows, tangent_pair(points)).clamp(min=1e-30))
            points = F.normalize(moved.detach(), dim=-1)
        return total

    def _times(self) -> list[tuple[float, float]]:
        """Where each step begins, and how long it is; short where the places are near."""
        marks = schedule(torch.linspace(1, 0, self.flow_steps + 1).double()).tolist()
        return [(now, then - now) for now, then in itertools.pairwise(marks)]


class FlowNetwork(nn.Module):
    """Velocities, from point, time and photo: blocks whose scale, shift and gate come from time and photo.

    Args:
        photos: Those of training.
        width: Hidden units.
        blocks: How many.
    """

    waves: Tensor

    def __init__(self, photos: Photos, width: int, blocks: int) -> None:
        super().__init__()
        self.standardise = Standardise(photos.features)
        self.photo = nn.Linear(photos.features.shape[1], width)
        self.nothing = nn.Parameter(torch.zeros(width))
        self.register_buffer("waves", torch.exp2(torch.linspace(0, 6, _WAVES)))
        self.time = nn.Linear(2 * _WAVES, width)
        self.point = nn.Linear(3, width)
        self.changes = nn.ModuleList(nn.Linear(width, 3 * width) for _ in range(blocks))
        self.layers = nn.ModuleList(
            nn.Sequential(nn.Linear(width, 2 * width), nn.GELU(), nn.Linear(2 * width, width)) for _ in range(blocks)
        )
        self.last = nn.Linear(width, 3)
        nn.init.zeros_(self.last.weight)  # the untrained flow stands still: its density is uniform
        nn.init.zeros_(self.last.bias)

    def condition(self, features: Tensor, left_out: Tensor | None = None) -> Tensor:
        """(m, width) of photos; where ``left_out`` (m, 1) is 1, what stands for no photo."""
        seen: Tensor = self.photo(self.standardise(features))
        return seen if left_out is None else torch.lerp(seen, self.nothing.expand_as(seen), left_out)

    def forward(self, points: Tensor, time: Tensor, condition: Tensor) -> Tensor:
        """Tangent velocities (m, p, 3) at unit vectors (m, p, 3), times (m, p, 1) and conditions (m, 1, width)."""
        angles = time * self.waves
        seen = F.silu(condition + self.time(torch.cat((angles.sin(), angles.cos()), dim=-1)))
        hidden = self.point(points)
        for change, layer in zip(self.changes, self.layers, strict=True):
            scale, shift, gate = change(seen).chunk(3, dim=-1)
            normal = F.layer_norm(hidden, hidden.shape[-1:])
            hidden = hidden + gate * layer(normal * (1 + scale) + shift)
        velocity = self.last(hidden)
        return velocity - (velocity * points).sum(-1, keepdim=True) * points  # type: ignore[no-any-return]


def _area(rows: list[Tensor], axes: tuple[Tensor, Tensor]) -> Tensor:
    """Change of area: determinant of two rows of derivatives (..., 3) along two tangents."""
    (a, b), (c, d) = [[(row.double() * axis).sum(-1) for axis in axes] for row in rows]
    return (a * d - b * c).abs()


def schedule(t: Tensor) -> Tensor:
    """How far the way is gone at t: 1 at t = 0, 0 at t = 1 (sigmoid schedule of the authors' code)."""
    start, end = SCHEDULE
    low, high = torch.sigmoid(t.new_tensor(start)), torch.sigmoid(t.new_tensor(end))
    return (high - torch.sigmoid(start + (end - start) * t)) / (high - low)


def geodesic(start: Tensor, end: Tensor, time: Tensor) -> tuple[Tensor, Tensor]:
    """Points (..., 3) on the great circle from start to end, and the velocity there, as long as the whole way."""
    cosine = (start * end).sum(-1, keepdim=True).clamp(-1, 1)
    across = end - cosine * start
    across = across / torch.linalg.vector_norm(across, dim=-1, keepdim=True).clamp(min=1e-6)
    angle = torch.acos(cosine).clamp(max=_LARGEST_ANGLE)
    sin, cos = torch.sin(time * angle), torch.cos(time * angle)
    return cos * start + sin * across, angle * (cos * across - sin * start)


def walk(points: Tensor, step: Tensor) -> Tensor:
    """The exponential map: walk along tangent vectors (..., 3), radians, from unit vectors (..., 3)."""
    squared = (step * step).sum(-1, keepdim=True)
    length = torch.sqrt(squared + 1e-12)  # has a derivative at 0
    return torch.cos(length) * points + torch.sin(length) / length * step


def tangent_pair(points: Tensor) -> tuple[Tensor, Tensor]:
    """Two unit vectors at right angles to each point (..., 3) and to each other."""
    axis = F.one_hot(points.abs().argmin(dim=-1), 3).to(points)
    first = F.normalize(torch.linalg.cross(points, axis), dim=-1)
    return first, torch.linalg.cross(points, first)
