"""Out-of-distribution scores: how unlike a view from above a picture is.

Three scores are summed with weights, and a picture whose sum exceeds a threshold is refused. The weights and the
threshold are buffers of the overhead model; ``learning/overhead/calibrate.py`` sets them from views alone.
"""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor

OOD_BUFFERS = (
    "feature_mean",
    "feature_whitening",
    "statistics_mean",
    "statistics_whitening",
    "ood_weights",
    "ood_threshold",
    "inverse_temperature",
)
"""Buffers of the overhead model that are set after training; ``views.safetensors`` holds them."""

LEAST_DETAIL = 0.004
"""Least :func:`detail` of a view: views of the Blue Marble have 0.005 at least, blank pictures 0."""


def mahalanobis_distance(values: Tensor, mean: Tensor, whitening: Tensor) -> Tensor:
    """Distance from a mean in units of the spread along each direction (Lee et al. 2018).

    Args:
        values: (n, d).
        mean: (d,).
        whitening: (d, d), after which the covariance is the identity.

    Returns:
        (n,) distances; about ``sqrt(d)`` for values of the distribution itself.
    """
    distances: Tensor = torch.linalg.vector_norm((values - mean) @ whitening, dim=1)
    return distances


def entropy(logits: Tensor) -> Tensor:
    """Entropy of the softmax of logits.

    Args:
        logits: (n, g).

    Returns:
        (n,) nats; 0 where one class has all the probability.
    """
    logarithms = F.log_softmax(logits, dim=1)
    return -(logarithms.exp() * logarithms).sum(1)


def detail(rgb: Tensor) -> Tensor:
    """How much there is to see: standard deviation of what a small blur removes, in the channel with most of it.

    Args:
        rgb: (n, 3, s, s) in [0, 1].

    Returns:
        (n,), 0 for a blank picture.
    """
    blurred = F.avg_pool2d(rgb, 5, stride=1, padding=2, count_include_pad=False)
    return (rgb - blurred).std((2, 3)).amax(1)
