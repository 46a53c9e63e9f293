"""Random numbers as a function of seed, epoch, row and the like, so that a run needs no state to be resumed."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import torch

_START = 0x9E3779B97F4A7C15  # the increment of SplitMix64: 2^64 divided by the golden ratio
_FACTORS = (0xBF58476D1CE4E5B9, 0x94D049BB133111EB)  # of its mixer (Steele, Lea, Flood 2014), modulo 2^64


def generator_of(*numbers: int) -> torch.Generator:
    """A generator on the CPU whose draws depend on the numbers only, such as seed, rank and step.

    Args:
        numbers: Whole numbers, not negative. In another order they are another key.
    """
    state = _START
    for number in numbers:
        state = (state ^ number) * _FACTORS[0] % 2**64
        state = (state ^ (state >> 27)) * _FACTORS[1] % 2**64
        state ^= state >> 31
    return torch.Generator().manual_seed(state % 2**63)


def random_keys(numbers: npt.NDArray[np.integer], *key: int) -> npt.NDArray[np.uint64]:
    """A random number for each number given; sorting by them is a shuffle that depends on numbers and key only.

    Args:
        numbers: Any shape, not negative; the same number gets the same random number.
        key: Whole numbers, such as seed and epoch.

    Returns:
        The same shape, over all of uint64.
    """
    mixed = numbers.astype(np.uint64) ^ np.uint64(generator_of(*key).initial_seed())
    for factor in _FACTORS:
        mixed = (mixed ^ (mixed >> np.uint64(30))) * np.uint64(factor)
    return mixed
