"""The registry of image backbones, each built from small random weights."""

from __future__ import annotations

import pytest
import torch

from geoclip_core.errors import WeightsError
from geoclip_core.model.backbones.digest import tower_digest
from geoclip_core.model.backbones.load import load_backbone, tower_label
from geoclip_core.model.backbones.registry import BACKBONES, CLIP_L14, find_backbone, parse_tower_label
from geoclip_core.model.backbones.timm_tower import timm_tower
from geoclip_core.model.clip import build_towers
from geoclip_core.photo.preprocess import Preprocess
from tests.model.small_backbones import OPTIONS, SHAPES, small_state

SMALL = [*SHAPES, *OPTIONS]


@pytest.mark.parametrize("name", SMALL)
def test_towers_have_the_sizes_of_their_weights(name: str) -> None:
    record, state = find_backbone(name), small_state(name)
    image, text, preprocess = load_backbone(name, state)
    side = SHAPES[name].image_size if name in SHAPES else OPTIONS[name]["img_size"]
    assert preprocess == record.preprocess.at_size(side)
    assert (text is not None) == record.text_tower
    assert not image.training
    assert not any(parameter.requires_grad for parameter in image.parameters())
    pixels = torch.randn(2, 3, side, side, generator=torch.Generator().manual_seed(0))
    if name in SHAPES:
        plain, _ = build_towers(SHAPES[name])
        prefix = "visual."
    else:
        plain, _ = timm_tower(record.architecture, OPTIONS[name])
        prefix = record.prefix
    plain.load_state_dict({k.removeprefix(prefix): v for k, v in state.items() if k.startswith(prefix)})
    with torch.inference_mode():
        found, expected = image(pixels), plain.eval()(pixels)
    torch.testing.assert_close(found, expected)
    assert found.shape == (2, 32 if name in SHAPES else 64)
    assert found.std() > 1e-3
    half = load_backbone(name, state, torch.bfloat16).image
    assert {parameter.dtype for parameter in half.parameters()} == {torch.bfloat16}


def test_names_in_timms_own_layout_are_read_too() -> None:
    state = small_state("siglip-vit-b-16")
    own = {key.removeprefix("visual.trunk."): value for key, value in state.items() if key.startswith("visual.trunk.")}
    assert tower_digest(load_backbone("siglip-vit-b-16", own).image) == tower_digest(
        load_backbone("siglip-vit-b-16", state).image
    )
    masked = small_state("dinov2-vit-b-14") | {"mask_token": torch.zeros(1, 64)}
    assert load_backbone("dinov2-vit-b-14", masked).image(torch.zeros(1, 3, 42, 42)).shape == (1, 64)


def test_weights_of_another_kind_are_refused() -> None:
    with pytest.raises(WeightsError, match="not those of DINOv2 ViT-B/14"):
        load_backbone("dinov2-vit-b-14", small_state("clip-vit-b-32"))
    with pytest.raises(WeightsError, match="not those of SigLIP"):
        load_backbone("siglip-vit-b-16", small_state("dinov2-vit-b-14"))
    with pytest.raises(WeightsError, match=r"no backbone called 'resnet'. Allowed: clip-vit-l-14, .*dinov2"):
        load_backbone("resnet", {})


def test_the_activation_is_the_records() -> None:
    pixels = torch.randn(1, 3, 64, 64)
    torch.manual_seed(0)
    quick, _ = build_towers(SHAPES["clip-vit-b-32"])
    exact, _ = build_towers(SHAPES["clip-vit-b-32"], activation="gelu")
    exact.load_state_dict(quick.state_dict())
    with torch.inference_mode():
        difference = (quick(pixels) - exact(pixels)).abs().max()
    assert 1e-6 < difference < 0.1


def test_labels_name_a_backbone_and_old_ones_mean_geoclips_own() -> None:
    image = load_backbone("clip-vit-b-32", small_state("clip-vit-b-32")).image
    label = tower_label("clip-vit-b-32", image)
    assert label == f"clip-vit-b-32 {tower_digest(image)}"
    assert parse_tower_label(label) == (BACKBONES["clip-vit-b-32"], tower_digest(image))
    assert tower_label(CLIP_L14, image) == f"CLIP {tower_digest(image)}"
    for old in ("CLIP 0123", "0123"):
        assert parse_tower_label(old) == (BACKBONES[CLIP_L14], "0123")
    with pytest.raises(WeightsError, match="no backbone called 'resnet 50'"):
        parse_tower_label("resnet 50 0123")


def test_records_hold_what_the_libraries_say_of_the_released_weights() -> None:
    import open_clip
    import timm
    from open_clip import pretrained

    open_clip_names = {"clip-vit-l-14": "openai", "clip-vit-b-32": "openai", "clip-vit-l-14-336": "openai"}
    for name, tag in open_clip_names.items():
        record = BACKBONES[name]
        sizes = open_clip.get_model_config(record.architecture)
        said = pretrained.get_pretrained_cfg(record.architecture, tag)
        assert (record.width, record.preprocess.size) == (sizes["embed_dim"], sizes["vision_cfg"]["image_size"])
        assert (record.preprocess.mean, record.preprocess.std) == (said["mean"], said["std"])
        assert (record.activation == "quick_gelu") == said["quick_gelu"]
        assert (record.preprocess.resize, record.preprocess.interpolation) == ("crop", said["interpolation"])
    siglip = BACKBONES["siglip-vit-b-16"]
    sizes, said = (
        open_clip.get_model_config("ViT-B-16-SigLIP"),
        pretrained.get_pretrained_cfg("ViT-B-16-SigLIP", "webli"),
    )
    assert sizes["vision_cfg"]["timm_model_name"] == siglip.architecture
    assert (siglip.width, siglip.preprocess.size) == (sizes["embed_dim"], sizes["vision_cfg"]["image_size"])
    assert (siglip.preprocess.mean, siglip.preprocess.std) == (said["mean"], said["std"])
    assert (siglip.preprocess.resize, said["resize_mode"]) == ("squash", "squash")
    dino = BACKBONES["dinov2-vit-b-14"]
    said = timm.get_pretrained_cfg(dino.architecture)
    assert dino.preprocess == Preprocess(said.input_size[-1], said.mean, said.std, "crop", said.interpolation)
    assert said.crop_pct == 1.0
    with torch.device("meta"):
        for record in (siglip, dino):
            assert timm.create_model(record.architecture, num_classes=0).num_features == record.width


def test_every_record_says_where_its_weights_come_from() -> None:
    assert len({record.variable for record in BACKBONES.values()}) == len(BACKBONES)
    for record in BACKBONES.values():
        assert record.files
        assert record.licence in ("MIT", "Apache-2.0")
