"""Small models that read a fact off vectors: ridge regression, a network of one hidden layer, and neighbours."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import torch
import torch.nn.functional as F
from scipy.spatial import cKDTree
from torch import nn

from geoclip_core.earth.coordinates import Floats, unit_vectors
from geoclip_core.evaluation.downstream.scores import balanced_accuracy, r_squared, roc_auc
from geoclip_core.learning.randomness import generator_of

Rows = npt.NDArray[np.int64]

PENALTIES = 10.0 ** np.arange(-3, 4)  # on standardised columns, per training point
HIDDEN, EPOCHS, BATCH, LEARNING_RATE, DECAY = 256, 30, 128, 1e-3, 1e-3
NEIGHBOURS = 5


def ridge(vectors: Floats, wanted: Floats, learn: Rows, choose: Rows, test: Rows) -> Floats:
    """Ridge regression on standardised columns, the penalty chosen by the squared error on held-out rows.

    Args:
        vectors: (n, d).
        wanted: (n, t); a class is a column of 0 and 1.
        learn: Rows to fit to.
        choose: Rows on which the penalty is chosen.
        test: Rows to predict.

    Returns:
        (test rows, t).
    """
    x = standardise(vectors, learn)
    mean = wanted[learn].mean(axis=0)
    y = wanted[learn] - mean
    if x.shape[1] <= len(learn):
        values, basis = np.linalg.eigh(x[learn].T @ x[learn])
        projected, ahead = basis.T @ (x[learn].T @ y), x @ basis
    else:  # as many unknowns as points, which is less
        values, basis = np.linalg.eigh(x[learn] @ x[learn].T)
        projected, ahead = basis.T @ y, (x @ x[learn].T) @ basis
    best, least = mean + np.zeros((len(test), wanted.shape[1])), np.inf
    for penalty in PENALTIES * len(learn):
        weights = projected / (np.maximum(values, 0.0) + penalty)[:, None]
        error = float(((ahead[choose] @ weights + mean - wanted[choose]) ** 2).mean())
        if error < least:
            best, least = ahead[test] @ weights + mean, error
    return np.asarray(best)


def network(vectors: Floats, wanted: Floats, kind: str, learn: Rows, choose: Rows, test: Rows, seed: int) -> Floats:
    """One hidden layer of 256 units, and the epoch that is best on held-out rows.

    Args:
        vectors: (n, d).
        wanted: (n, t); see :func:`ridge`.
        kind: ``class``, ``number`` or ``yes-no``.
        learn: Rows to fit to.
        choose: Rows that say which epoch was best.
        test: Rows to predict.
        seed: Of weights and order.

    Returns:
        (test rows, t): log-odds of classes, or numbers.
    """
    x = torch.from_numpy(standardise(vectors, learn).astype(np.float32))
    mean, spread = wanted[learn].mean(axis=0), np.maximum(wanted[learn].std(axis=0), 1e-12)
    scaled = torch.from_numpy((((wanted - mean) / spread) if kind == "number" else wanted).astype(np.float32))

    def loss_of(rows: torch.Tensor) -> torch.Tensor:
        if kind == "class":
            return F.cross_entropy(net(x[rows]), scaled[rows].argmax(dim=1))
        if kind == "yes-no":
            return F.binary_cross_entropy_with_logits(net(x[rows]), scaled[rows])
        return F.mse_loss(net(x[rows]), scaled[rows])

    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        net = nn.Sequential(nn.Linear(x.shape[1], HIDDEN), nn.ReLU(), nn.Linear(HIDDEN, wanted.shape[1]))
    optimizer = torch.optim.AdamW(net.parameters(), lr=LEARNING_RATE, weight_decay=DECAY)
    best, least = torch.zeros(len(test), wanted.shape[1]), float("inf")
    for epoch in range(EPOCHS):
        order = torch.randperm(len(learn), generator=generator_of(seed, epoch))
        for part in torch.split(torch.from_numpy(learn)[order], BATCH):
            optimizer.zero_grad()
            torch.autograd.backward(loss_of(part))
            optimizer.step()
        with torch.no_grad():
            error = float(loss_of(torch.from_numpy(choose)))
            if error < least:
                best, least = net(x[torch.from_numpy(test)]), error
    found = best.numpy().astype(np.float64)
    return found * spread + mean if kind == "number" else found


def neighbours(latlon: Floats, wanted: Floats, learn: Rows, test: Rows) -> Floats:
    """Mean of the 5 nearest points on Earth, (test rows, t): what remembering alone reaches, without any vectors."""
    places = unit_vectors(latlon)
    _, near = cKDTree(places[learn]).query(places[test], k=min(NEIGHBOURS, len(learn)))
    return np.asarray(wanted[learn][near.reshape(len(test), -1)].mean(axis=1))


def standardise(vectors: Floats, learn: Rows) -> Floats:
    """Columns with mean 0 and variance 1 over the rows to fit to; a constant column becomes zeros."""
    mean, spread = vectors[learn].mean(axis=0), vectors[learn].std(axis=0)
    return np.asarray(np.clip((vectors - mean) / np.where(spread > 1e-9, spread, np.inf), -10.0, 10.0))


def columns_of(values: Floats, kind: str) -> Floats:
    """What is fitted: a column for each class, or the values as one column."""
    if kind != "class":
        return values[:, None]
    return np.asarray(values[:, None] == np.unique(values), dtype=np.float64)


def score(found: Floats, wanted: Floats, kind: str) -> dict[str, float]:
    """Scores of predictions (n, t) of what :func:`columns_of` made, by kind.

    Returns:
        ``class``: accuracy and balanced accuracy; ``number``: r2 and rmse; ``yes-no``: auc.
    """
    if kind == "class":
        guessed, truth = found.argmax(axis=1), wanted.argmax(axis=1)
        return {"accuracy": float((guessed == truth).mean()), "balanced": balanced_accuracy(guessed, truth)}
    if kind == "yes-no":
        return {"auc": roc_auc(found[:, 0], wanted[:, 0] > 0.5)}
    rmse = float(np.sqrt(((found[:, 0] - wanted[:, 0]) ** 2).mean()))
    return {"r2": r_squared(found[:, 0], wanted[:, 0]), "rmse": rmse}
