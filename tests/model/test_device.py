"""The processor's state: changed for as long as it is asked for, and put back."""

from __future__ import annotations

import sys

import pytest
import torch

from geoclip_core.model.device import tiny_numbers_as_zeros


def test_tiny_numbers_are_zeros_only_where_it_is_asked_for() -> None:
    def kept() -> tuple[bool, bool]:
        halves = torch.tensor([torch.finfo(torch.float32).tiny]) / 2
        return sys.float_info.min / 2 > 0, bool((halves > 0).all())

    assert kept() == (True, True)
    with tiny_numbers_as_zeros():
        assert kept() == (False, False)
    assert kept() == (True, True)
    with pytest.raises(KeyError), tiny_numbers_as_zeros():
        raise KeyError
    assert kept() == (True, True)
