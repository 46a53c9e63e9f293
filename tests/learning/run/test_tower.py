"""Towers: what is frozen stays frozen, and low-rank steps add up."""

from __future__ import annotations

import dataclasses

import pytest
import torch

from geoclip_core.errors import TrainingError
from geoclip_core.learning.run.tower import build_tower, load_clip, merged_state
from geoclip_core.learning.settings import Recipe, TowerConfig, read_settings
from geoclip_core.model.backbones.digest import tower_digest


def test_a_frozen_clip_has_nothing_to_train_and_takes_its_weights(small_clip) -> None:
    tower, width = build_tower(TowerConfig("clip", clip=small_clip.shape))
    assert width == 32
    assert not any(p.requires_grad for p in tower.parameters())
    load_clip(tower, dict(small_clip.state))
    pixels = torch.randn(2, 3, 28, 28)
    assert torch.equal(tower.eval()(pixels), small_clip.image(pixels))
    assert tower_digest(tower) == tower_digest(small_clip.image)


def test_low_rank_steps_begin_as_nothing_and_merge_exactly(small_clip) -> None:
    tower, _ = build_tower(TowerConfig("clip", clip=small_clip.shape, train="lora", lora_rank=3, lora_blocks=1))
    load_clip(tower, dict(small_clip.state))
    tower.eval()
    pixels = torch.randn(2, 3, 28, 28)
    assert torch.allclose(tower(pixels), small_clip.image(pixels), atol=1e-6)
    trained = {name: p for name, p in tower.named_parameters() if p.requires_grad}
    assert {name.split(".resblocks.")[1].split(".lora_")[0] for name in trained} == {"1.mlp.c_fc", "1.mlp.c_proj"}
    with torch.no_grad():
        for parameter in trained.values():
            parameter.add_(0.1 * torch.randn_like(parameter))
    assert tower_digest(tower) == tower_digest(small_clip.image)
    plain, _ = build_tower(TowerConfig("clip", clip=small_clip.shape))
    plain.load_state_dict(merged_state(tower))
    assert not torch.allclose(tower(pixels), small_clip.image(pixels), atol=1e-3)
    assert torch.allclose(plain.eval()(pixels), tower(pixels), atol=1e-5)


@pytest.mark.parametrize(
    ("tower", "words"),
    [
        (TowerConfig(train="all"), "leave no tower to train"),
        (TowerConfig("timm", architecture="no_such_net", train="all"), "no architecture 'no_such_net'"),
        (
            TowerConfig("timm", architecture="test_resnet", options={"stem": 1}, train="all"),
            "cannot be built with {'stem': 1}",
        ),
        (TowerConfig("timm", architecture="test_resnet"), "starts from random weights"),
        (TowerConfig("timm", architecture="test_resnet", train="all", half=True), "too coarse to be trained"),
    ],
)
def test_towers_that_cannot_be_say_why(tower: TowerConfig, words: str) -> None:
    with pytest.raises(TrainingError, match=words):
        build_tower(tower)


def test_weights_of_another_size_say_why(small_clip) -> None:
    tower, _ = build_tower(TowerConfig("clip", clip=dataclasses.replace(small_clip.shape, image_layers=1)))
    with pytest.raises(TrainingError, match=r"do not fit the tower.*set tower.clip"):
        load_clip(tower, dict(small_clip.state))
    state = {k: v for k, v in small_clip.state.items() if k != "visual.proj"}
    with pytest.raises(TrainingError, match="do not fit the tower: proj"):
        load_clip(build_tower(TowerConfig("clip", clip=small_clip.shape))[0], state)


def test_settings_survive_a_checkpoint() -> None:
    parts = TowerConfig("timm", architecture="test_vit", options={"img_size": 16}, train="all"), Recipe(queue_size=3)
    from geoclip_core.learning.settings import LocationConfig

    location = LocationConfig(sigmas=(1.0, 2.0))
    plain = {
        "tower": dataclasses.asdict(parts[0]),
        "location": {**dataclasses.asdict(location), "sigmas": [1.0, 2.0]},
        "recipe": dataclasses.asdict(parts[1]),
    }
    assert read_settings(plain) == (parts[0], location, parts[1])


def test_maps_keep_where_something_is() -> None:
    torch.manual_seed(0)
    tower, width = build_tower(
        TowerConfig("timm", architecture="test_resnet", options={"global_pool": ""}, train="all")
    )
    tower.eval()
    assert width == 48 * 4 * 4
    pixels = torch.zeros(1, 3, 128, 128)
    here, there = pixels.clone(), pixels.clone()
    here[..., 8:24, 8:24], there[..., 104:120, 104:120] = 1.0, 1.0
    with torch.no_grad():
        empty, first, last = (tower(each).reshape(48, 4, 4) for each in (pixels, here, there))
        assert tower(pixels[..., :64, :64]).shape == (1, width)
    moved = [(each - empty).abs().sum(0) for each in (first, last)]
    assert moved[0][0, 0] > moved[0][3, 3]
    assert moved[1][3, 3] > moved[1][0, 0]
