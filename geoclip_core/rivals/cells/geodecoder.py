"""GeoDecoder: a learned query for every pair of hierarchy and scene looks at the parts of a photo.

Clark, Kerrigan, Kulkarni, Cepeda, Shah: Where We Are and What We're Looking At: Query Based Worldwide Image
Geo-localization Using Hierarchies and Scenes, CVPR 2023, arXiv:2303.04249. Decoder layers of cross-attention to the
photo's tokens, self-attention among the queries and a feed-forward network: first layers for all queries together, then
layers in which only queries of one hierarchy attend to each other, each hierarchy with a feed-forward network of its
own. Channel 0 of the queries' outputs, averaged over hierarchies, scores the scenes; the best scene's query of each
hierarchy goes to that hierarchy's classifier; probabilities of coarse classes are multiplied into finer ones.

The paper's sizes (recalled): 7 hierarchies, 16 scenes, 5 + 3 layers. Here 3, 3 and 2 + 1, 64 wide, for a processor.
Losses .5, .3 and .2 with label smoothing .1, and the scene's cross-entropy, as in the authors' development code.

Adapted: tokens are features of the parts of a photo, where there are some. With one vector alone attention has nothing
to choose from: its weights are 1 and it adds the same to every query. So a learned tokenizer makes 16 tokens of the
vector, each a linear view of it (``tokenizer=1`` is the ablation). Scenes as ``scenes.py`` says.
"""

from __future__ import annotations

from typing import Any, ClassVar

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from geoclip_core.earth.coordinates import Floats
from geoclip_core.errors import DataError
from geoclip_core.rivals.cells.classifier import CellRival
from geoclip_core.rivals.cells.isns import PAPER_LEVELS
from geoclip_core.rivals.cells.scenes import DEFAULT_SCENES, SceneModel
from geoclip_core.rivals.cells.system import CellSystem, default_least, default_most, nested_system
from geoclip_core.rivals.contract import Photos
from geoclip_core.rivals.training import Standardise, Training

LOSS_WEIGHTS, SMOOTHING = (0.5, 0.3, 0.2), 0.1  # coarse, middle, fine: the development code
LAYERS, DEPENDENT_LAYERS, HEADS = 2, 1, 4


class GeoDecoder(CellRival):
    """Queries of hierarchies and scenes.

    Args:
        seed: Of weights, order and clusters.
        photos_per_cell: Photos that a fine cell may hold; none: see ``default_most``.
        width: Of queries and tokens, a multiple of 4.
        tokenizer: Tokens that are made of a vector where none are given.
        scenes: Clusters that stand for scenes where none are given.
        training: The budget.
    """

    SEARCH: ClassVar[dict[str, tuple[Any, ...]]] = {"photos_per_cell": (5, 20, 80)}
    scene_weight = 1.0

    def __init__(
        self,
        seed: int = 0,
        *,
        photos_per_cell: int | None = None,
        width: int = 64,
        tokenizer: int = 16,
        scenes: int = DEFAULT_SCENES,
        training: Training = Training(),  # noqa: B008 - frozen
    ) -> None:
        super().__init__(seed, photos_per_cell=photos_per_cell, training=training)
        self.width, self.tokenizer, self.scene_count = width, tokenizer, scenes

    def _build_system(self, photos: Photos, latlon: Floats) -> CellSystem:
        most = self.photos_per_cell or default_most(len(photos))
        return nested_system(latlon, tuple(most * level for level in PAPER_LEVELS), default_least(most))

    def _scene_targets(self, photos: Photos) -> Tensor:
        self._scenes = SceneModel(photos, self.scene_count, self.seed, self.training)
        tokens = f"{self.tokenizer} tokens made of the vector" if photos.tokens is None else "tokens as given"
        self.notes = (self._scenes.source, tokens)
        return self._scenes.probabilities(photos)

    def _build_network(self, photos: Photos, sizes: list[int], scenes: int) -> nn.Module:
        return QueryDecoder(photos, sizes, scenes, self.width, self.tokenizer)

    def _cell_loss(self, logits: list[Tensor], labels: Tensor, rows: Tensor) -> Tensor:
        del rows
        smoothing = SMOOTHING if self.network is None or self.network.training else 0.0
        parts = zip(LOSS_WEIGHTS, logits, labels.T, strict=True)
        return torch.stack([w * F.cross_entropy(x, y, label_smoothing=smoothing) for w, x, y in parts]).sum()

    def _logits(self, photos: Photos) -> list[Tensor]:
        if photos.tokens is None and self._fitted is not None and self._fitted[1]:
            raise DataError("This GeoDecoder was fitted with tokens, and now there are none", hint="give tokens=")
        return super()._logits(photos)


class QueryDecoder(nn.Module):
    """The network.

    Args:
        photos: Those of training.
        sizes: Classes of each hierarchy, H of them.
        scenes: S.
        width: Of queries and tokens.
        tokenizer: Tokens made of a vector.
    """

    def __init__(self, photos: Photos, sizes: list[int], scenes: int, width: int, tokenizer: int) -> None:
        super().__init__()
        self.hierarchies, self.scenes, self.width = len(sizes), scenes, width
        self.standardise = Standardise(photos.features if photos.tokens is None else photos.tokens)
        if photos.tokens is None:
            self.project = nn.Linear(photos.features.shape[1], tokenizer * width)
        else:
            self.project = nn.Linear(photos.tokens.shape[2], width)
        count = tokenizer if photos.tokens is None else photos.tokens.shape[1]
        self.positions = nn.Parameter(0.02 * torch.randn(count, width))
        self.token_norm = nn.LayerNorm(width)
        self.queries = nn.Parameter(torch.randn(self.hierarchies * scenes, width) / width**0.5)
        self.layers = nn.ModuleList(DecoderLayer(width, 1) for _ in range(LAYERS))
        self.dependent = nn.ModuleList(DecoderLayer(width, self.hierarchies) for _ in range(DEPENDENT_LAYERS))
        self.norm = nn.LayerNorm(width)
        self.heads = nn.ModuleList(nn.Linear(width, size) for size in sizes)

    def forward(self, features: Tensor, tokens: Tensor | None = None) -> tuple[list[Tensor], Tensor]:
        """Logits (b, K) of each hierarchy's chosen query, and of the scenes (b, S)."""
        out = self.decode(self.tokens(features, tokens))
        scene_logits = out[..., 0].mean(dim=1)
        best = scene_logits.argmax(dim=1)
        queries = out[torch.arange(len(out)), :, best]  # (b, H, width): no logits of scenes that are not chosen
        return [head(queries[:, h]) for h, head in enumerate(self.heads)], scene_logits

    def tokens(self, features: Tensor, tokens: Tensor | None) -> Tensor:
        """(b, T, width)."""
        given = self.standardise(features if tokens is None else tokens)
        made = self.project(given).reshape(len(features), -1, self.width)
        return self.token_norm(made) + self.positions  # type: ignore[no-any-return]

    def decode(self, tokens: Tensor, queries: Tensor | None = None) -> Tensor:
        """Outputs (b, H, S, width) of the queries (H S, width), the learned ones by default."""
        hidden = (self.queries if queries is None else queries).expand(len(tokens), -1, -1)
        for layer in (*self.layers, *self.dependent):
            hidden = layer(hidden, tokens)
        return self.norm(hidden).reshape(len(tokens), self.hierarchies, self.scenes, -1)  # type: ignore[no-any-return]


class DecoderLayer(nn.Module):
    """Cross-attention, self-attention within groups of queries, and a feed-forward network of each group.

    Args:
        width: Of queries and tokens.
        groups: 1: all queries attend to each other; H: only those of one hierarchy.
    """

    def __init__(self, width: int, groups: int) -> None:
        super().__init__()
        self.groups = groups
        self.cross, self.inner = Attention(width), Attention(width)
        self.norms = nn.ModuleList(nn.LayerNorm(width) for _ in range(3))
        self.networks = nn.ModuleList(
            nn.Sequential(nn.Linear(width, 2 * width), nn.GELU(), nn.Linear(2 * width, width)) for _ in range(groups)
        )

    def forward(self, hidden: Tensor, tokens: Tensor) -> Tensor:
        """New queries (b, q, width)."""
        hidden = hidden + self.cross(self.norms[0](hidden), tokens)
        batch, count, width = hidden.shape
        groups = self.norms[1](hidden).reshape(batch * self.groups, count // self.groups, width)
        hidden = hidden + self.inner(groups, groups).reshape(hidden.shape)
        parts = self.norms[2](hidden).chunk(self.groups, dim=1)
        return hidden + torch.cat([f(part) for f, part in zip(self.networks, parts, strict=True)], dim=1)


class Attention(nn.Module):
    """Attention with several heads.

    Args:
        width: Of queries and of what they look at, a multiple of ``HEADS``.
    """

    def __init__(self, width: int) -> None:
        super().__init__()
        self.ask, self.offer, self.out = nn.Linear(width, width), nn.Linear(width, 2 * width), nn.Linear(width, width)

    def forward(self, queries: Tensor, seen: Tensor) -> Tensor:
        """(b, q, width), for queries of that shape and what they look at (b, T, width)."""
        key, value = self.offer(seen).chunk(2, dim=-1)
        found = self._weights(queries, key) @ _split(value)
        return self.out(found.transpose(1, 2).flatten(2))  # type: ignore[no-any-return]

    def weights(self, queries: Tensor, seen: Tensor) -> Tensor:
        """(b, HEADS, q, T), what each query looks at; over T they sum to 1."""
        return self._weights(queries, self.offer(seen).chunk(2, dim=-1)[0])

    def _weights(self, queries: Tensor, key: Tensor) -> Tensor:
        # Written out: torch's fused kernel is several times slower on a processor for so few tokens.
        keys = _split(key)
        return torch.softmax(_split(self.ask(queries)) @ keys.mT / keys.shape[-1] ** 0.5, dim=-1)


def _split(vectors: Tensor) -> Tensor:
    """(b, HEADS, n, width / HEADS) of (b, n, width)."""
    return vectors.reshape(*vectors.shape[:-1], HEADS, -1).transpose(1, 2)
