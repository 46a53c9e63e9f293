"""The classifier behind every row: one hidden layer of 512 units, independent sigmoids (GPS2Vec, section 5.1)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from geoclip_core.evaluation.downstream.photos import TaggedPhotos
from geoclip_core.learning.randomness import generator_of

Array = npt.NDArray[np.float32]


@dataclass(frozen=True)
class Schooling:
    """How the classifier is trained, the same for every row.

    Attributes:
        hidden: Hidden units (GPS2Vec: 512).
        learning_rate: Of Adam (GPS2Vec: 0.001).
        batch_size: Photos per step (GPS2Vec: 32).
        epochs: Passes over the training photos (ours).
        dropout: Before the last layer (ours).
        seed: Of weights, order and dropout.
    """

    hidden: int = 512
    learning_rate: float = 1e-3
    batch_size: int = 32
    epochs: int = 10
    dropout: float = 0.5
    seed: int = 0


class TagClassifier(nn.Module):
    """Blocks of features, each standardised by itself, side by side into one hidden layer.

    Args:
        sizes: Width of each block.
        classes: How many labels.
        hidden: Units.
        dropout: Before the last layer.
        attention: Replace the first two blocks by a sum of the two, weighted by ``softmax(u . tanh(W z_i))``, where z_i
            is a linear map of block i to ``hidden / 4`` numbers (GPS2Vec+).
    """

    def __init__(
        self, sizes: Sequence[int], classes: int, hidden: int, dropout: float, attention: bool = False
    ) -> None:
        super().__init__()
        self.norms = nn.ModuleList(nn.BatchNorm1d(size, affine=False, momentum=None) for size in sizes)
        width, contexts = hidden // 4, list(sizes[:2]) if attention else []
        self.maps = nn.ModuleList(nn.Linear(size, width) for size in contexts)
        self.look, self.score = nn.Linear(width, width), nn.Linear(width, 1, bias=False)
        inputs = sum(sizes) - sum(contexts) + (width if attention else 0)
        self.head = nn.Sequential(nn.Linear(inputs, hidden), nn.ReLU(), nn.Dropout(dropout), nn.Linear(hidden, classes))

    def forward(self, *blocks: Tensor) -> Tensor:
        """Logits (n, classes)."""
        parts = [norm(block).clamp(-10, 10) for norm, block in zip(self.norms, blocks, strict=True)]
        if len(self.maps):
            each = torch.stack([own(part) for own, part in zip(self.maps, parts, strict=False)], dim=1)
            weights = self.score(torch.tanh(self.look(each))).softmax(dim=1)
            parts = [(weights * each).sum(dim=1), *parts[2:]]
        logits: Tensor = self.head(torch.cat(parts, dim=1))
        return logits


def classify(photos: TaggedPhotos, blocks: Sequence[Array], schooling: Schooling, attention: bool = False) -> Array:
    """Train on the training photos, and score the others.

    Args:
        photos: The task.
        blocks: Features (n, d) of all photos, one array per block.
        schooling: How to train.
        attention: See :class:`TagClassifier`.

    Returns:
        (test photos, classes) probabilities.
    """
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(schooling.seed)
        sizes = [block.shape[1] for block in blocks]
        net = TagClassifier(sizes, photos.labels.shape[1], schooling.hidden, schooling.dropout, attention)
        inputs = [torch.from_numpy(np.ascontiguousarray(block, dtype=np.float32)) for block in blocks]
        for norm, block in zip(net.norms, inputs, strict=True):  # mean and spread of the training photos, once
            norm(block[torch.from_numpy(photos.train)])
            norm.eval()
        targets = torch.from_numpy(photos.labels.astype(np.float32))
        optimizer = torch.optim.Adam(net.parameters(), lr=schooling.learning_rate)
        for epoch in range(schooling.epochs):
            order = torch.randperm(len(photos.train), generator=generator_of(schooling.seed, epoch))
            for part in torch.split(torch.from_numpy(photos.train)[order], schooling.batch_size):
                optimizer.zero_grad()
                logits = net(*(block[part] for block in inputs))
                torch.autograd.backward(F.binary_cross_entropy_with_logits(logits, targets[part]))
                optimizer.step()
        net.eval()
        with torch.inference_mode():
            parts = torch.split(torch.from_numpy(photos.test), 1024)
            return torch.cat([net(*(block[part] for block in inputs)).sigmoid() for part in parts]).numpy()
