"""Evidence as a calibration says it should be weighed: a temperature, and a share that could be anywhere.

The temperature goes to the weights of the alternatives, so that their order stays: those of a text's places, of the
points that a network names, and of points of the gallery where evidence is a vector (``locate/density.py`` raises
their kernel to the power). Of weights that are hand-made scores, as a text's, a share is kept as it was, so that no
reading vanishes (``evaluation/tempering.py``). The prior's share is mixed in where probabilities are made
(``locate/posterior.py``). A position that somebody states is not touched.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from geoclip_core.evaluation.calibration_file import Calibration
from geoclip_core.evidence.source import Evidence


def temper(part: Evidence, temperature: float, prior_share: float, kept: float = 0.0) -> Evidence:
    """A piece of evidence with another certainty.

    Args:
        part: The piece.
        temperature: Above 0; more makes it less sure.
        prior_share: In [0, 1).
        kept: In [0, 1], how much of its own weight each alternative keeps; of no use to evidence that is a vector.
    """
    if part.vectors is not None and len(part.weights) == 1:
        return replace(part, power=part.power / temperature, prior_share=prior_share)
    groups = np.arange(len(part.weights)) if part.alternative is None else part.alternative
    whole = np.bincount(groups, part.weights)[groups]
    held = whole > 0
    weights = np.zeros(len(whole))
    weights[held] = part.weights[held] * whole[held] ** (1 / temperature - 1)
    weights = (1 - kept) * weights / weights.sum() + kept * part.weights / part.weights.sum()
    of_disks = np.array([disk.weight for disk in part.disks], np.float64)
    tempered = np.where(of_disks > 0, np.maximum(of_disks, 0.0) ** (1 / temperature), 0.0)
    if tempered.sum() > 0:
        of_disks = (1 - kept) * tempered / tempered.sum() + kept * of_disks / of_disks.sum()
    disks = tuple(replace(disk, weight=float(w)) for disk, w in zip(part.disks, of_disks, strict=True))
    return replace(part, weights=weights, disks=disks, prior_share=prior_share)


def calibrated(parts: Sequence[Evidence], calibration: Calibration | None) -> tuple[Evidence, ...]:
    """Every piece as its kind was calibrated; those of which nothing was measured as they are."""
    if calibration is None:
        return tuple(parts)
    found = [(part, calibration.of(part.family) if part.family else None) for part in parts]
    return tuple(temper(part, kind.temperature, kind.prior_share, kind.kept) if kind else part for part, kind in found)
