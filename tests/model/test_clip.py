from __future__ import annotations

from dataclasses import replace
from typing import Any

import open_clip
import pytest
import torch

from geoclip_core.errors import WeightsError
from geoclip_core.model.clip import ClipShape, build_towers, load_towers, shape_of, tokenize

TEXTS = ["Paris, France", "a street in Łódź with trams, seen at night", ""]


@pytest.mark.slow
def test_the_default_is_open_clips_own_vit_l_14() -> None:
    config = open_clip.get_model_config("ViT-L-14-quickgelu")
    with torch.device("meta"):
        image, text = build_towers(ClipShape())
        theirs = open_clip.CLIP(**{k: v for k, v in config.items() if k in ("embed_dim", "vision_cfg", "text_cfg")})
    ours = {f"visual.{k}": v.shape for k, v in image.state_dict().items()}
    ours |= {k: v.shape for k, v in text.state_dict().items()} | {"logit_scale": torch.Size()}
    assert ours == {k: v.shape for k, v in theirs.state_dict().items()}
    assert shape_of({k: torch.empty(v, device="meta") for k, v in ours.items()}) == ClipShape()


def test_the_activation_is_quick_gelu(small_clip: Any) -> None:
    kinds = {type(m).__name__ for tower in (small_clip.image, small_clip.text) for m in tower.modules()}
    assert "QuickGELU" in kinds
    assert "GELU" not in kinds


def test_the_shape_is_read_off_the_weights(small_clip: Any) -> None:
    assert shape_of(small_clip.state) == small_clip.shape


def test_loaded_towers_give_the_same_features(small_clip: Any) -> None:
    image, text = load_towers(small_clip.state)
    pixels, tokens = torch.randn(3, 3, 28, 28), tokenize(TEXTS)
    assert torch.allclose(image(pixels), small_clip.image(pixels), atol=1e-5)
    assert torch.allclose(text(tokens), small_clip.text(tokens), atol=1e-5)
    assert image(pixels).shape == text(tokens).shape == (3, 32)


def test_towers_are_frozen_and_in_evaluation_mode(small_clip: Any) -> None:
    for tower in load_towers(small_clip.state):
        assert not tower.training
        assert not any(p.requires_grad for p in tower.parameters())
        assert not any(t.is_meta for t in (*tower.parameters(), *tower.buffers()))


def test_the_caller_keeps_its_weights(small_clip: Any) -> None:
    before = {key: value.clone() for key, value in small_clip.state.items()}
    load_towers(small_clip.state, torch.bfloat16)
    assert all(torch.equal(small_clip.state[key], value) for key, value in before.items())


def test_half_precision_weights_and_towers(small_clip: Any) -> None:
    pixels, tokens = torch.randn(3, 3, 28, 28), tokenize(TEXTS)
    half = {key: value.half() for key, value in small_clip.state.items()}
    image, text = load_towers(half)
    assert {p.dtype for p in (*image.parameters(), *text.parameters())} == {torch.float32}
    assert torch.allclose(image(pixels), small_clip.image(pixels), atol=0.05)
    image, text = load_towers(small_clip.state, torch.bfloat16)
    assert {p.dtype for p in (*image.parameters(), *text.parameters())} == {torch.bfloat16}
    assert torch.allclose(image(pixels.bfloat16()).float(), small_clip.image(pixels), atol=0.2)
    assert torch.allclose(text(tokens).float(), small_clip.text(tokens), atol=0.2)


def test_a_text_does_not_see_what_comes_after_its_end(small_clip: Any) -> None:
    _, text = load_towers(small_clip.state)
    tokens = tokenize(["Paris"])
    changed = tokens.clone()
    changed[0, int(tokens.argmax()) + 1 :] = 7
    assert torch.allclose(text(tokens), text(changed), atol=1e-6)
    changed[0, 1] = 8
    assert not torch.allclose(text(tokens), text(changed), atol=1e-3)


@pytest.mark.parametrize("missing", ["visual.conv1.weight", "ln_final.weight", "text_projection"])
def test_weights_that_are_no_clip_are_named(small_clip: Any, missing: str) -> None:
    state = {key: value for key, value in small_clip.state.items() if key != missing}
    with pytest.raises(WeightsError, match=rf"'{missing}' is missing.*name the file of CLIP ViT-L/14"):
        load_towers(state)
    with pytest.raises(WeightsError, match="not a CLIP with two transformers"):
        load_towers({})


def test_missing_surplus_and_misshapen_tensors_are_named(small_clip: Any) -> None:
    state = dict(small_clip.state)
    key = "visual.transformer.resblocks.1.mlp.c_fc.bias"
    for changed, words in (
        ({k: v for k, v in state.items() if k != key}, r"do not fit the image tower: .*resblocks\.1\.mlp\.c_fc\.bias"),
        (state | {"visual.surplus": torch.zeros(2)}, "do not fit the image tower: .*surplus"),
        (state | {"surplus": torch.zeros(2)}, "do not fit the text tower: .*surplus"),
        (state | {key: torch.zeros(3)}, "do not fit the image tower: .*size mismatch"),
        (state | {"visual.positional_embedding": torch.zeros(7, 128)}, "do not fit the image tower: .*size mismatch"),
        (state | {"visual.positional_embedding": torch.zeros(0, 128)}, "not a CLIP with two transformers"),
        (state | {"text_projection": torch.zeros(64)}, "not a CLIP with two transformers"),
    ):
        with pytest.raises(WeightsError, match=words):
            load_towers(changed)


@pytest.mark.parametrize("change", [{"image_width": 32}, {"text_width": 100}])
def test_widths_that_do_not_divide_into_heads_are_refused(small_clip: Any, change: dict[str, int]) -> None:
    shape = replace(small_clip.shape, **change)
    state = dict(small_clip.state)
    state["visual.conv1.weight"] = torch.zeros(shape.image_width, 3, 14, 14)
    state["ln_final.weight"] = torch.zeros(shape.text_width)
    with pytest.raises(WeightsError, match=r"of these weights is (32|100) wide.*multiples of 64"):
        load_towers(state)


def test_texts_are_tokenized_as_openais_vocabulary_says() -> None:
    tokens = tokenize(["hello world!", ""])
    assert (tokens.shape, tokens.dtype) == ((2, 77), torch.int64)
    assert tokens[0, :6].tolist() == [49406, 3306, 1002, 256, 49407, 0]  # as in the README of OpenAI's CLIP
    assert tokens[1, :3].tolist() == [49406, 49407, 0]
    long = tokenize(["castle " * 500])
    assert long.shape == (1, 77)
    assert long[0, -1] == 49407
    assert tokenize(["castle"], context=9).shape == (1, 9)
