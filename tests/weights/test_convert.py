"""Each file format in which people have CLIP gives the same features; damaged files give clear errors."""

from __future__ import annotations

import hashlib
import json
import random
import shutil
import warnings
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import load_file, save_file
from torch import Tensor, nn

from geoclip_core.errors import WeightsError
from geoclip_core.model.clip import load_towers, tokenize
from geoclip_core.weights import convert
from geoclip_core.weights.convert import read_clip
from geoclip_core.weights.resolve import WeightsFile, find_clip

TEXTS = ["Paris, France", "a street in Łódź with trams, seen at night", ""]
FORMATS = ["safetensors", "bin", "legacy bin", "checkpoint", "openai", "hugging face", "hugging face bin"]


def as_torchscript(state: Mapping[str, Tensor]) -> Any:
    """An archive like OpenAI's: half precision, with the three numbers that describe the model."""
    root = nn.Module()
    for name, value in state.items():
        *path, leaf = name.split(".")
        module = root
        for part in path:
            if not hasattr(module, part):
                module.add_module(part, nn.Module())
            module = getattr(module, part)
        module.register_parameter(leaf, nn.Parameter(value.half(), requires_grad=False))
    for name, number in (("input_resolution", 28), ("context_length", 77), ("vocab_size", 49408)):
        root.register_buffer(name, torch.tensor(number))
    with warnings.catch_warnings():
        # Making such archives is deprecated as well; OpenAI's is from 2021.
        warnings.filterwarnings("ignore", "`torch.jit.script` is deprecated", FutureWarning)
        return torch.jit.script(root)


def as_transformers(clip: Any) -> Any:
    """The same weights in transformers' own CLIPModel, by a mapping written independently of the product's."""
    from transformers import CLIPConfig, CLIPModel

    shape = clip.shape
    config = CLIPConfig(
        projection_dim=shape.dim,
        vision_config={
            "hidden_size": shape.image_width,
            "intermediate_size": 4 * shape.image_width,
            "num_hidden_layers": shape.image_layers,
            "num_attention_heads": shape.image_width // 64,
            "image_size": shape.image_size,
            "patch_size": shape.patch,
        },
        text_config={
            "hidden_size": shape.text_width,
            "intermediate_size": 4 * shape.text_width,
            "num_hidden_layers": shape.text_layers,
            "num_attention_heads": shape.text_width // 64,
            "bos_token_id": 49406,
            "eos_token_id": 49407,
        },
    )
    model: Any = CLIPModel(config)
    model.eval()

    def copy(target: Tensor | None, name: str, part: slice = slice(None)) -> None:
        assert target is not None
        source = clip.state[name][part]
        target.data.copy_(source.T if name in ("visual.proj", "text_projection") else source)

    for tower, prefix, width in (
        (model.vision_model, "visual.", shape.image_width),
        (model.text_model, "", shape.text_width),
    ):
        for i, layer in enumerate(tower.encoder.layers):
            block = f"{prefix}transformer.resblocks.{i}."
            attention = layer.self_attn
            for j, linear in enumerate((attention.q_proj, attention.k_proj, attention.v_proj)):
                rows = slice(j * width, (j + 1) * width)
                copy(linear.weight, f"{block}attn.in_proj_weight", rows)
                copy(linear.bias, f"{block}attn.in_proj_bias", rows)
            for module, name in (
                (attention.out_proj, "attn.out_proj"),
                (layer.layer_norm1, "ln_1"),
                (layer.layer_norm2, "ln_2"),
                (layer.mlp.fc1, "mlp.c_fc"),
                (layer.mlp.fc2, "mlp.c_proj"),
            ):
                copy(module.weight, f"{block}{name}.weight")
                copy(module.bias, f"{block}{name}.bias")
    vision, text = model.vision_model, model.text_model
    copy(vision.embeddings.class_embedding, "visual.class_embedding")
    copy(vision.embeddings.patch_embedding.weight, "visual.conv1.weight")
    copy(vision.embeddings.position_embedding.weight, "visual.positional_embedding")
    copy(text.embeddings.token_embedding.weight, "token_embedding.weight")
    copy(text.embeddings.position_embedding.weight, "positional_embedding")
    for norm, name in (
        (vision.pre_layrnorm, "visual.ln_pre"),
        (vision.post_layernorm, "visual.ln_post"),
        (text.final_layer_norm, "ln_final"),
    ):
        copy(norm.weight, f"{name}.weight")
        copy(norm.bias, f"{name}.bias")
    copy(model.visual_projection.weight, "visual.proj")
    copy(model.text_projection.weight, "text_projection")
    return model


@pytest.fixture(scope="module")
def transformers_clip(small_clip: Any) -> Any:
    return as_transformers(small_clip)


@pytest.fixture(scope="module")
def clip_files(small_clip: Any, transformers_clip: Any, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """The small CLIP as a file or folder of each accepted format."""
    folder = tmp_path_factory.mktemp("clip")
    state = dict(small_clip.state)
    made = {
        "safetensors": folder / "open_clip_model.safetensors",
        "bin": folder / "open_clip_pytorch_model.bin",
        "legacy bin": folder / "legacy.bin",
        "checkpoint": folder / "epoch_32.pt",
        "openai": folder / "ViT-L-14.pt",
        "hugging face": folder / "snapshot",
        "hugging face bin": folder / "older snapshot",
    }
    save_file(state, made["safetensors"])
    torch.save(state, made["bin"])
    torch.save(state, made["legacy bin"], _use_new_zipfile_serialization=False)
    trained = {"epoch": 32, "state_dict": {f"module.{key}": value for key, value in state.items()}}
    torch.save(trained, made["checkpoint"])
    as_torchscript(state).save(str(made["openai"]))
    transformers_clip.save_pretrained(made["hugging face"])
    shutil.copytree(made["hugging face"], made["hugging face bin"])
    torch.save(load_file(made["hugging face"] / "model.safetensors"), made["hugging face bin"] / "pytorch_model.bin")
    (made["hugging face bin"] / "model.safetensors").unlink()
    return made


def read(path: Path) -> dict[str, Tensor]:
    with pytest.warns(UserWarning, match=r"is not one of the released CLIP files \(sha256 [0-9a-f]{16}\.\.\.\)"):
        return read_clip(find_clip(path))


@pytest.mark.parametrize("kind", FORMATS)
def test_each_format_gives_the_same_features(kind: str, clip_files: dict[str, Path], small_clip: Any) -> None:
    image, text = load_towers(read(clip_files[kind]))
    pixels, tokens = torch.randn(3, 3, 28, 28), tokenize(TEXTS)
    tolerance = 0.02 if kind == "openai" else 1e-5  # OpenAI's archive is in half precision
    for found, expected in ((image(pixels), small_clip.image(pixels)), (text(tokens), small_clip.text(tokens))):
        assert float((found - expected).norm() / expected.norm()) < tolerance


def test_the_half_precision_archive_is_exact_up_to_rounding(clip_files: dict[str, Path], small_clip: Any) -> None:
    state = read(clip_files["openai"])
    assert state.keys() == small_clip.state.keys()
    assert all(torch.equal(value, small_clip.state[key].half()) for key, value in state.items())


def test_features_are_those_of_transformers(clip_files: dict[str, Path], transformers_clip: Any) -> None:
    image, text = load_towers(read(clip_files["hugging face"]))
    pixels, tokens = torch.randn(3, 3, 28, 28), tokenize(TEXTS)
    with torch.inference_mode():
        expected_image = transformers_clip.get_image_features(pixel_values=pixels).pooler_output
        expected_text = transformers_clip.get_text_features(input_ids=tokens).pooler_output
    assert torch.allclose(image(pixels), expected_image, atol=1e-5)
    assert torch.allclose(text(tokens), expected_text, atol=1e-5)


def test_a_known_file_is_read_without_a_warning(
    clip_files: dict[str, Path], small_clip: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = clip_files["safetensors"]
    digest = hashlib.sha256(path.read_bytes()).hexdigest()
    monkeypatch.setattr(convert, "KNOWN_CLIP_FILES", {digest: "the small CLIP of this test"})
    assert read_clip(WeightsFile(path, "here", expected=digest)).keys() == small_clip.state.keys()


def test_a_file_with_the_wrong_hash_is_refused_before_it_is_read(tmp_path: Path) -> None:
    path = tmp_path / "model.safetensors"
    path.write_bytes(b"anything")
    with pytest.raises(WeightsError, match=r"is damaged: sha256 [0-9a-f]{16}\.\.\., expected 0{16}.*fetch it again"):
        read_clip(WeightsFile(path, "the hub cache", expected="0" * 64))


@pytest.mark.filterwarnings("ignore:.* is not one of the released CLIP files")
@pytest.mark.parametrize("kind", FORMATS[:5])
@pytest.mark.parametrize("share", [0.0, 0.001, 0.5, 0.999])
def test_a_truncated_file_is_said_to_be_one(
    kind: str, share: float, clip_files: dict[str, Path], tmp_path: Path
) -> None:
    data = clip_files[kind].read_bytes()
    path = tmp_path / clip_files[kind].name
    path.write_bytes(data[: int(len(data) * share)])
    with pytest.raises(WeightsError, match=r"damaged, cut short, or of another kind \(.*Allowed: open_clip safetens"):
        read_clip(WeightsFile(path, "here"))


@pytest.mark.filterwarnings("ignore:.* is not one of the released CLIP files")
# Torch's own word on a damaged pickle, before it fails on it.
@pytest.mark.filterwarnings("ignore:Detected pickle protocol")
@pytest.mark.parametrize("kind", ["safetensors", "bin", "legacy bin", "openai"])
def test_damage_of_any_kind_is_a_clear_error_or_nothing(kind: str, clip_files: dict[str, Path], tmp_path: Path) -> None:
    data = clip_files[kind].read_bytes()
    chance = random.Random(3)
    refused = 0
    for i in range(30):
        broken = bytearray(data[: chance.randrange(3000)] if i % 3 == 0 else data)
        for _ in range(20):
            broken[chance.randrange(min(len(broken), 2000))] = chance.randrange(256)
        path = tmp_path / f"{i}{clip_files[kind].suffix}"
        path.write_bytes(broken)
        try:
            load_towers(read_clip(WeightsFile(path, "here")))
        except WeightsError:
            refused += 1
        path.unlink()
    assert refused >= 10


@pytest.mark.filterwarnings("ignore:.* is not one of the released CLIP files")
def test_files_that_hold_something_else_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "weights.bin"
    for content, words in (
        ({"a": 1}, "holds no state dict of tensors"),
        ([torch.zeros(2)], "holds no state dict of tensors"),
        (torch.zeros(2), "holds no state dict of tensors"),
        (nn.Linear(2, 2), "damaged, cut short, or of another kind"),  # a pickled object is never unpickled
    ):
        torch.save(content, path)
        with pytest.raises(WeightsError, match=words):
            read_clip(WeightsFile(path, "here"))


@pytest.mark.parametrize("kind", ["safetensors", "hugging face"])
def test_wrong_keys_are_named(kind: str, clip_files: dict[str, Path], tmp_path: Path) -> None:
    source = clip_files[kind]
    state = load_file(source / "model.safetensors" if source.is_dir() else source)
    hugging_face = kind == "hugging face"
    key = "vision_model.encoder.layers.1.self_attn.k_proj.bias" if hugging_face else "visual.proj"
    removed = state.pop(key)
    save_file(state, tmp_path / "less.safetensors")
    words = r"lack 'self_attn\.k_proj'" if hugging_face else "do not fit the image tower: .*proj"
    with pytest.raises(WeightsError, match=words):
        load_towers(read(tmp_path / "less.safetensors"))
    save_file(state | {key: removed, "surplus.weight": removed.clone()}, tmp_path / "more.safetensors")
    with pytest.raises(WeightsError, match="surplus"):
        load_towers(read(tmp_path / "more.safetensors"))


@pytest.mark.filterwarnings("ignore:.* is not one of the released CLIP files")
def test_a_clip_with_another_activation_is_refused(clip_files: dict[str, Path], tmp_path: Path) -> None:
    folder = shutil.copytree(clip_files["hugging face"], tmp_path / "snapshot")
    config = folder / "config.json"
    settings = json.loads(config.read_text())
    for part in ("vision_config", "text_config"):
        changed = settings | {part: settings[part] | {"hidden_act": "gelu"}}
        config.write_text(json.dumps(changed))
        with pytest.raises(WeightsError, match=f"says {part} uses gelu, so this is not OpenAI's CLIP"):
            read_clip(find_clip(folder))
    config.write_text("{")
    with pytest.raises(WeightsError, match="is not valid JSON"):
        read_clip(find_clip(folder))
    config.unlink()  # without the settings, the weights alone must do
    assert read_clip(find_clip(folder))
