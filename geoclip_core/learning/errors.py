"""What can go wrong with training data and while training."""

from __future__ import annotations

from geoclip_core.errors import GeoclipError


class DataError(GeoclipError, ValueError):
    """Pairs of photo and place that cannot be read, or that leave nothing to train on."""


class TrainingError(GeoclipError):
    """A run that cannot start, go on or be resumed."""
