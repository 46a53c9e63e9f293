"""From any point on Earth to a vector of the space that photos and texts are mapped into too."""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from collections.abc import Sequence
from itertools import chain

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor, nn

from geoclip_core.model.fourier import FourierFeatures, check_sigmas

# Coefficients of the Equal Earth projection (Savric, Patterson, Jenny 2019, eq. 2).
_A1, _A2, _A3, _A4 = 1.340264, -0.081106, 0.000893, 0.003796
_SCALE = 66.50336  # GeoCLIP's released code: with the division by 180 it brings x into [-1, 1]

_CHUNK = 2048  # points at a time; larger chunks fall out of the processor's cache
_SMOOTH_RAD = 0.04  # phase change of a typical wave between nodes, below which linear interpolation holds

PAPER_SIGMAS = (2.0**0, 2.0**4, 2.0**8)  # GeoCLIP, section 4: sigma in {2^0, 2^4, 2^8}


def equal_earth(latlon: Tensor) -> Tensor:
    """Equal Earth projection in float32, scaled as GeoCLIP does.

    The order of operations is part of the model: the finest Fourier features turn a rounding error of one
    unit in the last place into a visible phase, so the released weights need the arithmetic they were
    trained with.

    Args:
        latlon: (n, 2) degrees, latitude first.

    Returns:
        (n, 2) of x in [-1, 1] and y in [-0.4867, 0.4867], float32.
    """
    radians = torch.deg2rad(latlon.float())
    half_root = torch.sqrt(torch.tensor(3.0, device=latlon.device)) / 2
    theta = torch.asin(half_root * torch.sin(radians[:, 0]))
    slope = 3 * (9 * _A4 * theta**8 + 7 * _A3 * theta**6 + 3 * _A2 * theta**2 + _A1)
    x = (2 * (half_root * 2) * radians[:, 1] * torch.cos(theta)) / slope
    y = _A4 * theta**9 + _A3 * theta**7 + _A2 * theta**3 + _A1 * theta
    return (torch.stack((x, y), dim=1) * _SCALE) / 180


class ScaleEncoder(nn.Module):
    """Fourier features at one scale and the network behind them (GeoCLIP, fig. 2).

    The layer names are those of the released weights: ``capsule.{0,1,3,5}`` and ``head.0``.

    Args:
        sigma: Scale of the Fourier features.
        rows: Random directions.
        width: Hidden units.
        dim: Output dimension.
    """

    def __init__(self, sigma: float, rows: int, width: int, dim: int) -> None:
        super().__init__()
        self.capsule = nn.Sequential(
            FourierFeatures(sigma, rows),
            nn.Linear(2 * rows, width),
            nn.ReLU(),
            nn.Linear(width, width),
            nn.ReLU(),
            nn.Linear(width, width),
            nn.ReLU(),
        )
        self.head = nn.Sequential(nn.Linear(width, dim))

    def forward(self, plane: Tensor) -> Tensor:
        """Vectors (n, dim) of projected points (n, 2)."""
        features, *layers = self.capsule
        hidden: Tensor = features(plane).to(self.head[0].weight.dtype)
        for layer in layers:
            hidden = layer(hidden)
        out: Tensor = self.head(hidden)
        return out.float()


class BaseLocationEncoder(nn.Module, ABC):
    """What every location encoder offers; ``model/location_encoders.py`` lists those there are.

    A new one sets ``dim`` and implements :meth:`encode`. It is built with the keywords of ``LocationConfig`` that its
    ``__init__`` takes.

    Attributes:
        dim: Dimension of the vectors.
    """

    dim: int

    @abstractmethod
    def encode(self, latlon: Tensor) -> Tensor:
        """Vectors (n, dim) float32, not normalised, of points (n, 2) float32 in degrees on the encoder's device."""

    def forward(self, latlon: Tensor | npt.ArrayLike) -> Tensor:
        """Vectors of points.

        Args:
            latlon: (n, 2) degrees, latitude first; a tensor or anything numpy reads.

        Returns:
            (n, dim) float32, not normalised.

        Raises:
            ValueError: The shape is not (n, 2).
        """
        if not isinstance(latlon, Tensor):
            latlon = torch.from_numpy(np.asarray(latlon, dtype=np.float32).copy())
        if latlon.ndim != 2 or latlon.shape[1] != 2:
            raise ValueError(f"latlon must have shape (n, 2), got {tuple(latlon.shape)}")
        return self.encode(latlon.to(device=self.device, dtype=torch.float32))

    def on_grid(self, latlon: npt.NDArray[np.float64], stride: int) -> Tensor:
        """Vectors of a dense, smooth grid of points; an encoder may override this with something faster.

        Args:
            latlon: (h, w, 2) degrees.
            stride: Grid steps that an encoder may interpolate over; here every point is encoded.

        Returns:
            (h, w, dim) float32, not normalised.
        """
        del stride
        points = torch.from_numpy(latlon.astype(np.float32)).reshape(-1, 2)
        return torch.cat([self(part) for part in torch.split(points, _CHUNK)]).reshape(*latlon.shape[:2], self.dim)

    def prepare(self, latlon: Tensor, generator: torch.Generator) -> None:
        """Take what the encoder needs from training coordinates, before training starts; most encoders need nothing.

        Args:
            latlon: (n, 2) float32 degrees.
            generator: Of random numbers.
        """

    @property
    def device(self) -> torch.device:
        """Where the parameters are, or the buffers of an encoder that has none; the CPU where there are neither."""
        held = next(chain(self.parameters(), self.buffers()), None)
        return torch.device("cpu") if held is None else held.device


class LocationEncoder(BaseLocationEncoder):
    """GeoCLIP's location encoder: Equal Earth, Fourier features at several scales, their vectors summed.

    Args:
        sigmas: Scales of the Fourier features, any number of them; the paper's three by default.
        rows: Random directions per scale.
        width: Hidden units per layer.
        dim: Dimension of the output.
        projection: Whether points are projected (the paper) or fed as latitude/90 and longitude/180 (the
            paper's ablation).

    Raises:
        ValueError: No sigma, or one that is not positive.
    """

    def __init__(
        self,
        sigmas: Sequence[float] = PAPER_SIGMAS,
        *,
        rows: int = 256,
        width: int = 1024,
        dim: int = 512,
        projection: bool = True,
    ) -> None:
        super().__init__()
        self.sigmas = check_sigmas(sigmas)
        self.dim = dim
        self.projection = projection
        for i, sigma in enumerate(self.sigmas):
            self.add_module(f"LocEnc{i}", ScaleEncoder(sigma, rows, width, dim))

    def encode(self, latlon: Tensor) -> Tensor:
        """Vectors (n, dim) float32, not normalised, of points (n, 2) in degrees: the sum over the scales."""
        plane = self._plane(latlon)
        total = torch.zeros(len(latlon), self.dim, device=plane.device)
        for scale in self.children():
            total = total + scale(plane)
        return total

    def on_grid(self, latlon: npt.NDArray[np.float64], stride: int) -> Tensor:
        """Vectors of a dense, smooth grid of points, several times faster than point by point.

        Where the waves of a scale are long against ``stride`` grid steps, that scale is computed at every
        ``stride``-th node and interpolated; the finest scale of a city-sized grid is computed everywhere.

        Args:
            latlon: (h, w, 2) degrees, with h - 1 and w - 1 multiples of ``stride``.
            stride: Grid steps between the nodes of a coarse scale.

        Returns:
            (h, w, dim) float32, not normalised; cosine to :meth:`forward` at least 0.9999.

        Raises:
            ValueError: The grid does not fit the stride.
        """
        height, width = latlon.shape[:2]
        if (height - 1) % stride or (width - 1) % stride:
            raise ValueError(f"A grid of {height} x {width} does not fit nodes every {stride} steps")
        device = self.device
        points = torch.from_numpy(latlon.astype(np.float32)).to(device)
        plane = self._plane(points.reshape(-1, 2)).reshape(height, width, 2)
        nodes = plane[::stride, ::stride]
        # At a pole and across the antimeridian the plane jumps: such a step is too long to be interpolated.
        steps = [torch.linalg.vector_norm(nodes.diff(dim=axis), dim=-1) for axis in (0, 1)]
        step = max((float(part.max()) for part in steps if part.numel()), default=0.0)
        down, across = _interpolation(height, stride, device), _interpolation(width, stride, device)
        total = torch.zeros(height, width, self.dim, device=device)
        for sigma, scale in zip(self.sigmas, self.children(), strict=True):
            if 2 * math.pi * sigma * step < _SMOOTH_RAD:
                coarse = scale(nodes.reshape(-1, 2)).reshape(*nodes.shape[:2], self.dim)
                rows = torch.einsum("wj,ijd->iwd", across, coarse)
                total += torch.einsum("hi,iwd->hwd", down, rows)
            else:
                parts = torch.split(plane.reshape(-1, 2), _CHUNK)
                total += torch.cat([scale(part) for part in parts]).reshape(total.shape)
        return total

    def _plane(self, latlon: Tensor) -> Tensor:
        return equal_earth(latlon) if self.projection else latlon / latlon.new_tensor((90.0, 180.0))


def _interpolation(size: int, stride: int, device: torch.device) -> Tensor:
    """(size, nodes) matrix of linear interpolation between nodes ``stride`` steps apart."""
    position = torch.arange(size, device=device) / stride
    nodes = torch.arange((size - 1) // stride + 1, device=device)
    return (1 - (position[:, None] - nodes).abs()).clamp(min=0)
