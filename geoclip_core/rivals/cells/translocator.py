"""TransLocator: two views of a photo, its features and its layout, fused after every block.

Pramanick, Nowara, Gleason, Castillo, Chellappa: Where in the World is this Image? Transformer-based Geo-localization in
the Wild, ECCV 2022, arXiv:2204.13861. Two transformers, one for the photo and one for its map of semantic segments;
after each block the two class tokens are summed and the sum goes on in both; an attentive fusion of the last two; heads
for coarse, middle and fine cells and for the scene, with losses weighted .5, .3, .2 and 1 (the authors' code).

Adapted to features: two residual networks of 4 blocks. After each block ``c = LN(h_a) + LN(h_b)``, and each branch adds
its own matrix times c. The paper's rule, ``h_a = h_b = c``, works there because the other tokens keep the branches
apart; on vectors it makes both equal after the first block (``literal=True`` shows it). The layout is what the tokens
tell: they are quantised to 64 words (k-means) and counted on a grid of 4 x 4, or taken as they are
(``layout="tokens"``), for a user's own segmentation. It comes from the same frozen network, no second source as in the
paper; without tokens both branches see the same features. The answer is the product over the hierarchy (paper,
recalled) or the fine cells alone (public code). ``layout="none"`` is the control: one branch, wider, with as many
numbers to train as both have, so that what the fusion brings is not taken for what size brings.

A layout that tells nothing must not harm. The paper's networks are pretrained, on many photos; here a few thousand
train the fusion from nothing, and numbers without meaning are learnt by heart. So the matrices of the fusion start at
0, in each step of training the layout of half of the photos is hidden, which the branch of the features then has to
place alone, and half of what the others' layouts tell is dropped. The photos that are held out to stop early tell at
last whether the layout is listened to: if their cells are told better without it, it has no share (all four ours).
"""

from __future__ import annotations

import math
from typing import Any, ClassVar

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from geoclip_core.earth.coordinates import Floats
from geoclip_core.errors import DataError
from geoclip_core.learning.randomness import generator_of
from geoclip_core.rivals.cells.classifier import CellRival, chosen
from geoclip_core.rivals.cells.isns import PAPER_LEVELS
from geoclip_core.rivals.cells.scenes import DEFAULT_SCENES, SceneModel, cluster_centres
from geoclip_core.rivals.cells.system import CellSystem, default_least, default_most, nested_system
from geoclip_core.rivals.contract import Photos
from geoclip_core.rivals.training import Standardise, Training, hold_out

LOSS_WEIGHTS = (0.5, 0.3, 0.2)  # coarse, middle, fine; scene 1: ViT_RGB_train.py
BLOCKS, WORDS, GRID = 4, 64, 4
HIDDEN = 0.5  # share of the photos whose layout is hidden, drawn anew in each step of training
DROPPED = 0.5  # share of the numbers of a layout that are dropped, likewise
_SAMPLE = 20_000  # tokens that the words are found among
_DROPPED = 7  # what a generator is for


class TransLocator(CellRival):
    """Two branches fused at every block.

    Args:
        seed: Of weights, order, words and clusters.
        photos_per_cell: Photos that a fine cell may hold; none: see ``default_most``.
        width: Of both branches.
        layout: ``words``: histogram of quantised tokens; ``tokens``: the tokens themselves; ``none``: one branch of
            equal size (to both with ``words``) that sees the features alone.
        literal: The paper's rule of fusion.
        hierarchy: The product over the three partitions; else the fine cells alone.
        scenes: Clusters that stand for scenes where none are given.
        training: The budget.

    Raises:
        DataError: There is no such layout.
    """

    SEARCH: ClassVar[dict[str, tuple[Any, ...]]] = {"photos_per_cell": (5, 20, 80)}
    scene_weight = 1.0

    def __init__(
        self,
        seed: int = 0,
        *,
        photos_per_cell: int | None = None,
        width: int = 128,
        layout: str = "words",
        literal: bool = False,
        hierarchy: bool = True,
        scenes: int = DEFAULT_SCENES,
        training: Training = Training(),  # noqa: B008 - frozen
    ) -> None:
        super().__init__(seed, photos_per_cell=photos_per_cell, training=training)
        self.layout = chosen("layout", layout, ("words", "tokens", "none"))
        self.width, self.literal, self.hierarchy, self.scene_count = width, literal, hierarchy, scenes

    def _build_system(self, photos: Photos, latlon: Floats) -> CellSystem:
        most = self.photos_per_cell or default_most(len(photos))
        return nested_system(latlon, tuple(most * level for level in PAPER_LEVELS), default_least(most))

    def _loss_weights(self) -> list[float]:
        return list(LOSS_WEIGHTS)

    def _scene_targets(self, photos: Photos) -> Tensor:
        self._scenes = SceneModel(photos, self.scene_count, self.seed, self.training)
        self.notes = (self._scenes.source, "no tokens: both branches see the features")
        if self.layout == "none":
            self.notes = (self._scenes.source, "one branch with as many numbers as two with words")
        elif photos.tokens is not None:
            self.notes = (self._scenes.source, "layout from the tokens")
        return self._scenes.probabilities(photos)

    def _build_network(self, photos: Photos, sizes: list[int], scenes: int) -> nn.Module:
        two = TwoBranches(photos, sizes, scenes, self.width, self.layout != "tokens", self.literal, self.seed)
        return OneBranch(photos, sizes, scenes, two) if self.layout == "none" else two

    def _finish(self, photos: Photos) -> None:
        rows = np.flatnonzero(hold_out(photos.groups, self.training.validation, self.seed))
        if not isinstance(self.network, TwoBranches) or not len(rows):
            return
        losses = {}
        for self.network.listens in (False, True):
            with torch.no_grad():
                logits = super()._logits(photos[rows])
            losses[self.network.listens] = float(self._cell_loss(logits, self._labels[rows], torch.from_numpy(rows)))
        self.network.listens = losses[True] < losses[False]
        if not self.network.listens:
            self.notes = (*self.notes, "held-out photos are placed better without the second branch: it has no share")

    def _logits(self, photos: Photos) -> list[Tensor]:
        if self.layout != "none" and photos.tokens is None and self._fitted is not None and self._fitted[1]:
            raise DataError("This TransLocator was fitted with tokens, and now there are none", hint="give tokens=")
        logits = super()._logits(photos)
        return logits if self.hierarchy else [torch.zeros_like(each) for each in logits[:-1]] + logits[-1:]


class TwoBranches(nn.Module):
    """The network; its last attention weights are kept in ``shares`` (b, 2), which sum to 1.

    Unless it ``listens``, the first branch hears nothing of the second.

    Args:
        photos: Those of training.
        sizes: Classes of each partition.
        scenes: Kinds of scene.
        width: Of both branches.
        words: Whether tokens are quantised.
        literal: The paper's rule of fusion.
        seed: Of the words.
    """

    words: Tensor

    def __init__(
        self, photos: Photos, sizes: list[int], scenes: int, width: int, words: bool, literal: bool, seed: int
    ) -> None:
        super().__init__()
        self.literal = literal
        self.standardise = Standardise(photos.features)
        self.token_standardise = None if photos.tokens is None else Standardise(photos.tokens)
        self.register_buffer("words", torch.empty(0))
        if photos.tokens is not None and words:
            flat = photos.tokens.reshape(-1, photos.tokens.shape[2]).astype(np.float64)
            some = np.random.default_rng(seed).permutation(len(flat))[:_SAMPLE]
            self.words = torch.from_numpy(cluster_centres(flat[some], WORDS, seed)).float()
        first = self._layout(torch.from_numpy(photos.features[:1]), _first(photos.tokens))
        self.inputs = nn.ModuleList([nn.Linear(photos.features.shape[1], width), nn.Linear(first.shape[1], width)])
        self.blocks = nn.ModuleList(_Block(width) for _ in range(2 * BLOCKS))
        self.norms = nn.ModuleList(nn.LayerNorm(width) for _ in range(2 * BLOCKS))
        self.mixes = nn.ModuleList(nn.Linear(width, width) for _ in range(2 * BLOCKS))
        self.projections = nn.ModuleList(nn.Linear(width, width) for _ in range(2))
        self.attention = nn.Sequential(nn.Linear(2 * width, width), nn.GELU(), nn.Linear(width, 2))
        self.heads = nn.ModuleList(nn.Linear(width, size) for size in sizes)
        self.scene_head = nn.Linear(width, scenes)
        for numbers in self.mixes.parameters():
            nn.init.zeros_(numbers)
        self.draws = generator_of(seed, _DROPPED)
        self.shares, self.listens = torch.empty(0, 2), True

    def forward(self, features: Tensor, tokens: Tensor | None = None) -> tuple[list[Tensor], Tensor]:
        """Logits (b, K) of the three partitions, and of the scenes (b, S)."""
        hidden = self._drawn((len(features), 1), HIDDEN) | torch.tensor(not self.listens)
        a, b = self.branches(features, tokens, hidden)
        a, b = self.projections[0](a), self.projections[1](b)
        votes = self.attention(torch.cat((a, b), dim=1))
        votes = torch.cat((votes[:, :1], votes[:, 1:].masked_fill(hidden, -math.inf)), dim=1)
        self.shares = torch.softmax(votes, dim=1)
        fused = F.gelu(self.shares[:, :1] * a + self.shares[:, 1:] * b)
        return [head(fused) for head in self.heads], self.scene_head(fused)

    def branches(self, features: Tensor, tokens: Tensor | None, hidden: Tensor) -> tuple[Tensor, Tensor]:
        """Both branches (b, width) after the last block; where ``hidden`` (b, 1), the first hears only itself."""
        a = self.inputs[0](self.standardise(features))
        layout = self._layout(features, tokens)
        left = 1 - DROPPED if self.training else 1.0  # what is not dropped weighs more, so that the sum stays the same
        b = self.inputs[1](layout.masked_fill(self._drawn(layout.shape, DROPPED), 0) / left)
        for first in range(0, 2 * BLOCKS, 2):
            second = first + 1
            a, b = self.blocks[first](a), self.blocks[second](b)
            own, other = self.norms[first](a), self.norms[second](b)
            heard, both = own + other.masked_fill(hidden, 0), own + other
            a, b = (heard, both) if self.literal else (a + self.mixes[first](heard), b + self.mixes[second](both))
        return a, b

    def _drawn(self, shape: tuple[int, ...], share: float) -> Tensor:
        """True for a share of the numbers, drawn while in training; else nowhere."""
        if not self.training:
            return torch.zeros(shape, dtype=torch.bool)
        return torch.rand(shape, generator=self.draws) < share

    def _layout(self, features: Tensor, tokens: Tensor | None) -> Tensor:
        if tokens is None or self.token_standardise is None:
            return self.standardise(features)  # type: ignore[no-any-return]
        if not len(self.words):
            return self.token_standardise(tokens).flatten(1)  # type: ignore[no-any-return]
        word = torch.cdist(tokens, self.words[None]).argmin(dim=2)
        cell = _grid_cells(tokens.shape[1])
        counts = torch.zeros(len(tokens), int(cell.max()) + 1, len(self.words))
        counts.index_put_((torch.arange(len(tokens))[:, None], cell[None], word), torch.ones(()), accumulate=True)
        return counts.flatten(1) * math.sqrt(len(self.words))


class OneBranch(nn.Module):
    """One branch of as many blocks, wide enough to have as many parameters as two branches.

    Args:
        photos: Those of training.
        sizes: Classes of each partition.
        scenes: Kinds of scene.
        equal: The two branches.
    """

    def __init__(self, photos: Photos, sizes: list[int], scenes: int, equal: TwoBranches) -> None:
        super().__init__()
        outer = photos.features.shape[1] + 1 + sum(sizes) + scenes  # numbers for each unit outside the blocks
        # Of width w: BLOCKS of 2 w^2 + 4 w, a linear layer of w^2 + w, and outer w.
        square, linear = 2 * BLOCKS + 1, 4 * BLOCKS + 1 + outer
        wanted = sum(p.numel() for p in equal.parameters()) - sum(sizes) - scenes
        width = round((math.sqrt(linear**2 + 4 * square * wanted) - linear) / (2 * square))
        self.branch = nn.Sequential(
            Standardise(photos.features),
            nn.Linear(photos.features.shape[1], width),
            *(_Block(width) for _ in range(BLOCKS)),
            nn.Linear(width, width),
            nn.GELU(),
        )
        self.heads = nn.ModuleList(nn.Linear(width, size) for size in sizes)
        self.scene_head = nn.Linear(width, scenes)

    def forward(self, features: Tensor, tokens: Tensor | None = None) -> tuple[list[Tensor], Tensor]:
        """Logits (b, K) of the three partitions, and of the scenes (b, S)."""
        del tokens
        inner = self.branch(features)
        return [head(inner) for head in self.heads], self.scene_head(inner)


class _Block(nn.Module):
    def __init__(self, width: int) -> None:
        super().__init__()
        self.layers = nn.Sequential(nn.LayerNorm(width), nn.Linear(width, width), nn.GELU(), nn.Linear(width, width))

    def forward(self, hidden: Tensor) -> Tensor:
        return hidden + self.layers(hidden)  # type: ignore[no-any-return]


def _grid_cells(count: int) -> Tensor:
    """Cell of the layout's grid for each token; tokens that are no square picture are cut into strips."""
    side = math.isqrt(count)
    if side * side != count:
        return torch.arange(count) * min(GRID * GRID, count) // count
    step = torch.arange(side) * min(GRID, side) // side
    return (step[:, None] * min(GRID, side) + step).flatten()


def _first(tokens: np.ndarray[Any, np.dtype[np.float32]] | None) -> Tensor | None:
    return None if tokens is None else torch.from_numpy(tokens[:1])
