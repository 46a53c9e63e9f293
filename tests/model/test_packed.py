"""Laying weights out for the processor changes the speed of a tower, and nothing else."""

from __future__ import annotations

import copy
from collections.abc import Iterator
from typing import Any

import pytest
import torch
from torch import nn

from geoclip_core.model import packed as packing
from geoclip_core.model.attention import attention_times_gradient
from geoclip_core.model.backbones.registry import Activation
from geoclip_core.model.clip import build_towers
from geoclip_core.model.packed import PackedLinear, can_pack, pack

pytestmark = pytest.mark.skipif(not can_pack(torch.zeros(1)), reason="no oneDNN for this processor")


@pytest.fixture
def packed(small_clip: Any) -> nn.Module:
    return pack(copy.deepcopy(small_clip.image))


def with_activation(small_clip: Any, activation: Activation) -> nn.Module:
    tower = build_towers(small_clip.shape, activation=activation)[0].eval().requires_grad_(False)
    tower.load_state_dict(small_clip.image.state_dict())
    return tower


@pytest.mark.parametrize("activation", ["quick_gelu", "gelu"])
@pytest.mark.parametrize("photos", [1, 5])
def test_the_same_features(small_clip: Any, photos: int, activation: Activation) -> None:
    tower = with_activation(small_clip, activation)
    pixels = torch.randn(photos, 3, 28, 28)
    with torch.inference_mode():
        wanted = tower(pixels)
        packed = pack(tower)
        assert torch.allclose(packed(pixels), wanted, rtol=1e-5, atol=1e-5)
    assert sum(isinstance(module, PackedLinear) for module in packed.modules()) == 8


def test_the_two_activations_differ(small_clip: Any) -> None:
    pixels = torch.randn(1, 3, 28, 28)
    quick, exact = (with_activation(small_clip, activation)(pixels) for activation in ("quick_gelu", "gelu"))
    assert not torch.allclose(quick, exact, rtol=1e-3, atol=1e-3)


def test_a_block_that_is_made_of_other_parts_is_left_alone(small_clip: Any) -> None:
    tower = copy.deepcopy(small_clip.image)
    tower.transformer.resblocks[1].mlp.gelu = nn.GELU(approximate="tanh")
    assert not any(isinstance(module, PackedLinear) for module in pack(tower).modules())


@pytest.fixture
def threads(request: pytest.FixtureRequest) -> Iterator[int]:
    before = torch.get_num_threads()
    torch.set_num_threads(request.param)
    yield request.param
    torch.set_num_threads(before)


@pytest.mark.parametrize("threads", [1, 3], indirect=True)
def test_few_pictures_go_through_the_blocks_at_a_time(packed: nn.Module, threads: int) -> None:
    sizes: list[int] = []
    hook = packed.transformer.resblocks[0].register_forward_hook(lambda _, given, __: sizes.append(len(given[0])))
    pixels = torch.randn(9, 3, 28, 28)
    with torch.inference_mode():
        together = packed(pixels)
        assert sizes == [4, 4, 1]
        assert torch.allclose(together[1:2], packed(pixels[1:2]), rtol=1e-5, atol=1e-5)
    hook.remove()
    assert torch.get_num_threads() == threads


@pytest.mark.parametrize("threads", [4], indirect=True)
@pytest.mark.parametrize(("photos", "parts"), [(4, [4]), (5, [2, 3]), (10, [2, 2, 3, 3]), (16, [4, 4, 4, 4])])
def test_of_many_pictures_two_threads_take_a_half_each(
    packed: nn.Module, threads: int, photos: int, parts: list[int]
) -> None:
    seen: list[tuple[int, int]] = []
    hook = packed.transformer.resblocks[0].register_forward_hook(
        lambda _, given, __: seen.append((len(given[0]), torch.get_num_threads()))
    )
    pixels = torch.randn(photos, 3, 28, 28)
    with torch.no_grad():
        together = packed(pixels)
        assert sorted(size for size, _ in seen) == parts
        assert {count for _, count in seen} == {threads if photos == 4 else threads // 2}
        alone = torch.cat([packed(picture) for picture in pixels.split(1)])
    hook.remove()
    assert torch.allclose(together, alone, rtol=1e-5, atol=1e-5)
    assert not together.requires_grad
    assert not together.is_inference()
    assert torch.get_num_threads() == threads


@pytest.mark.parametrize("threads", [2], indirect=True)
def test_a_fault_in_one_half_is_told(packed: nn.Module, threads: int) -> None:
    def fail(_: nn.Module, given: tuple[torch.Tensor, ...]) -> None:
        if len(given[0]) == 2:
            raise MemoryError("too many pictures")

    packed.transformer.resblocks[0].register_forward_pre_hook(fail)
    with torch.inference_mode(), pytest.raises(MemoryError, match="too many pictures"):
        packed(torch.randn(5, 3, 28, 28))
    assert torch.get_num_threads() == threads


def test_the_last_block_makes_what_the_tower_reads(small_clip: Any) -> None:
    tokens: list[int] = []
    pixels = torch.randn(2, 3, 28, 28)
    for all_are_read in (False, True):
        tower = copy.deepcopy(small_clip.image)
        tower.output_tokens = all_are_read
        with torch.inference_mode():
            wanted = tower(pixels)
            last = pack(tower).transformer.resblocks[-1]
            last.register_forward_hook(lambda _, __, made: tokens.append(made.shape[1]))
            found = tower(pixels)
        for made, right in zip(found, wanted, strict=True):
            assert torch.allclose(made, right, rtol=1e-5, atol=1e-5)
    assert tokens == [1, 5]  # the class token, and four patches


@pytest.mark.skipif(not can_pack(torch.zeros(1, dtype=torch.bfloat16)), reason="no bfloat16 on this processor")
@pytest.mark.parametrize("amx", [True, False])
def test_nearly_the_same_features_in_bfloat16(small_clip: Any, amx: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(packing, "_has_amx", lambda: amx)
    half = copy.deepcopy(small_clip.image).bfloat16()
    pixels = torch.randn(2, 3, 28, 28)
    with torch.inference_mode():
        found = pack(half)(pixels.bfloat16()).float()
        wanted = small_clip.image(pixels)
    assert found.dtype == torch.float32
    assert torch.nn.functional.cosine_similarity(found, wanted).min() > 0.999


def test_a_layer_keeps_its_weights_and_its_gradient() -> None:
    layer = nn.Linear(48, 80)
    laid_out = PackedLinear(layer.weight, layer.bias)
    assert torch.equal(laid_out.weight, layer.weight)
    assert not any(parameter.requires_grad for parameter in laid_out.parameters())
    slopes = []
    for one in (layer, laid_out):
        x = torch.linspace(-1, 1, 2 * 7 * 48).reshape(2, 7, 48).requires_grad_()
        one(x).square().sum().backward()
        slopes.append(x.grad)
    assert slopes[0].abs().max() > 0.1
    assert torch.allclose(*slopes, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("operator", ["_reorder_linear_weight", "_linear_pointwise"])
@pytest.mark.parametrize("change", ["gone", "another result"])
def test_an_operator_that_has_changed_is_not_used(
    operator: str, change: str, small_clip: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    def changed(x: torch.Tensor, *_: Any) -> torch.Tensor:
        if change == "gone":
            raise AttributeError(operator)
        return (x * 2).to_mkldnn() if operator == "_reorder_linear_weight" else torch.zeros(1, 3)

    changed.binary = changed  # type: ignore[attr-defined]

    monkeypatch.setattr(torch.ops.mkldnn, operator, changed)
    packing._operators_work.cache_clear()
    try:
        tower = pack(copy.deepcopy(small_clip.image))
        assert not any(isinstance(module, PackedLinear) for module in tower.modules())
    finally:
        monkeypatch.undo()
        packing._operators_work.cache_clear()
    assert packing._operators_work()


def test_explanations_stay_as_they_were(small_clip: Any, packed: nn.Module) -> None:
    pixels, towards = torch.randn(1, 3, 28, 28), torch.randn(32)
    wanted = attention_times_gradient(small_clip.image, pixels, lambda features: features[0] @ towards)
    found = attention_times_gradient(packed, pixels, lambda features: features[0] @ towards)
    assert abs(wanted).max() > 1e-3
    assert abs(found - wanted).max() < 1e-4 * abs(wanted).max()


def test_what_has_no_blocks_of_clip_is_left_alone() -> None:
    tower = nn.Sequential(nn.Flatten(), nn.Linear(12, 4))
    before = copy.deepcopy(tower.state_dict())
    assert pack(tower) is tower
    assert all(torch.equal(value, before[key]) for key, value in tower.state_dict().items())
    assert isinstance(tower[1], nn.Linear)
