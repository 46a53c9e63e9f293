"""Calibration with two numbers: a temperature, and a share of probability that goes to "could be anywhere".

A system's density f is replaced by ``(1 - e) g + e q``, with ``g = f^(1/T) / Z`` and q the density of where people take
photos. T and e are those under which the truths are likeliest (temperature scaling, Guo et al. 2017, with a uniform
component as in Tukey's contaminated distributions). The share is what makes a wrong answer finitely bad.

Where the weights of alternatives are scores that were set by hand, as those of a text's readings, a third number is
fitted: ``g = (1 - k) f^(1/T) / Z + k f``, so that each alternative keeps a share k of what its score gave it. Questions
mostly mean the first reading, so that a temperature alone falls far below 1 and takes all others out of the answer:
Paris in Texas would be gone from "Paris".
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.optimize import minimize, minimize_scalar

Floats = npt.NDArray[np.float64]
LogTruth = Callable[[float], Floats]
OfRows = Callable[[npt.NDArray[np.intp]], LogTruth]

LEAST_TEMPERATURE, GREATEST_TEMPERATURE = 0.1, 50.0
LEAST_SHARE, GREATEST_SHARE = 1e-4, 0.98
LEAST_KEPT = 0.1
"""Where scores are hand-made, an alternative keeps at least this share of what they gave it."""

PLACES_WEIGHTS = (0.1, 0.03, 0.01, 0.0)
"""How much the density at the truth may count beside what is right; a density has a far wider range."""

_NODES = 25  # temperatures that are tried before the best is made exact
_NEVER = -690.0  # logarithm of a density that stands for none


@dataclass(frozen=True)
class Tempering:
    """What was fitted.

    Attributes:
        temperature: T, above 0; 1 changes nothing, more makes a system less sure.
        prior_share: e, in [0, 1).
        kept: k, in [0, 1]; 0 where scores are not hand-made.
    """

    temperature: float = 1.0
    prior_share: float = 0.0
    kept: float = 0.0

    def log_likelihood(self, log_truth: LogTruth, log_prior: npt.ArrayLike) -> Floats:
        """(n,) logarithm of the density at each truth; see :func:`fit_tempering`."""
        found = np.maximum(log_truth(self.temperature), _NEVER)
        if self.kept:
            found = _mixed(found, np.maximum(log_truth(1.0), _NEVER), self.kept)
        if not self.prior_share:
            return found
        return _mixed(found, np.asarray(log_prior, dtype=np.float64), self.prior_share)


def _mixed(one: Floats, other: Floats, share: float) -> Floats:
    """Logarithms of mixtures in which the other has a share in (0, 1], from logarithms."""
    with np.errstate(divide="ignore"):
        return np.asarray(np.logaddexp(np.log1p(-share) + one, np.log(share) + other))


class Alternatives:
    """Densities of truths under a mixture whose weights are tempered: a function of the temperature.

    Question i has alternatives k of base measure b, weight w and density d_k at the truth, so that its density is
    ``sum_k b_k w_k^(1/T) d_k / sum_k b_k w_k^(1/T)``. The alternatives of a text are its places, those of a photo the
    points of the gallery.

    Args:
        log_weights: Per question, (k,) logarithms of w.
        at_truth: Per question, (k,) density at the truth, per km2 say, 0 or more.
        log_bases: Per question, (k,) logarithms of b; all 0 where absent.
    """

    def __init__(
        self, log_weights: Sequence[Floats], at_truth: Sequence[Floats], log_bases: Sequence[Floats] | None = None
    ) -> None:
        self._sizes = np.array([len(part) for part in log_weights])
        if not len(self._sizes) or not self._sizes.all():
            raise ValueError("There are no questions, or one has no alternatives")
        self._starts = np.r_[0, np.cumsum(self._sizes)[:-1]]
        self._weight = np.concatenate(log_weights)
        self._truth = np.concatenate(at_truth)
        self._base = np.concatenate(log_bases) if log_bases is not None else np.zeros(1)

    def __call__(self, temperature: float) -> Floats:
        """(n,) natural logarithms; -690 where the density is 0."""
        logs = self._base + self._weight / temperature
        kernel = np.exp(logs - np.repeat(np.maximum.reduceat(logs, self._starts), self._sizes))
        density = np.add.reduceat(kernel * self._truth, self._starts) / np.add.reduceat(kernel, self._starts)
        return np.asarray(np.log(np.maximum(density, np.exp(_NEVER))))

    def of(self, rows: npt.NDArray[np.intp]) -> LogTruth:
        """The same function for some of the questions."""
        return lambda temperature: self(temperature)[rows]


def fit_tempering(
    log_truth: LogTruth,
    log_prior: npt.ArrayLike,
    also: tuple[LogTruth, npt.ArrayLike] | None = None,
    weight: float = 1.0,
    hand_made: bool = False,
) -> Tempering:
    """The temperature and the shares under which the truths are likeliest.

    Args:
        log_truth: From a temperature to the (n,) logarithms of the tempered density at each truth, such as
            :class:`Alternatives`.
        log_prior: (n,) logarithm of q at each truth, in the same units.
        also: The same of something else about the questions.
        weight: How much that counts.
        hand_made: Whether the weights of the alternatives are scores set by hand, of which a share is kept.

    Raises:
        ValueError: No questions, or a NaN.
    """
    told = [log_truth, *([also[0]] if also else [])]
    priors = [np.asarray(part, np.float64).reshape(-1) for part in (log_prior, *([also[1]] if also else []))]
    if not all(len(prior) for prior in priors) or any(np.isnan(prior).any() for prior in priors):
        raise ValueError("There are no questions, or the prior of one is NaN")

    raw = [np.maximum(part(1.0), _NEVER) for part in told] if hand_made else []

    def best_shares(temperature: float) -> tuple[Tempering, float]:
        """What fits best at a temperature, and the loss with it."""
        found = [np.maximum(part(temperature), _NEVER) for part in told]

        def loss(share: float, kept: float = 0.0) -> float:
            named = [_mixed(part, own, kept) for part, own in zip(found, raw, strict=True)] if hand_made else found
            mixed = [
                of * _mixed(part, prior, share).mean()
                for part, prior, of in zip(named, priors, (1.0, weight), strict=False)
            ]
            return -float(sum(mixed))

        bounds = (LEAST_SHARE, GREATEST_SHARE)
        if hand_made:
            shares = minimize(lambda x: loss(*x), (0.1, 0.5), method="L-BFGS-B", bounds=(bounds, (LEAST_KEPT, 1.0)))
            return Tempering(temperature, float(shares.x[0]), float(shares.x[1])), float(shares.fun)
        result = minimize_scalar(loss, bounds=bounds, method="bounded", options={"xatol": 1e-5})
        return Tempering(temperature, float(result.x)), float(result.fun)

    def loss(logarithm: float) -> float:
        return best_shares(float(np.exp(logarithm)))[1]

    nodes = np.linspace(np.log(LEAST_TEMPERATURE), np.log(GREATEST_TEMPERATURE), _NODES)
    losses = np.array([loss(node) for node in nodes])
    if np.isnan(losses).any():
        raise ValueError("The density of a truth is NaN")
    middle = int(np.clip(losses.argmin(), 1, _NODES - 2))
    found = minimize_scalar(
        loss, bounds=(nodes[middle - 1], nodes[middle + 1]), method="bounded", options={"xatol": 1e-3}
    )
    return best_shares(float(np.exp(found.x)))[0]


def halves(groups: npt.ArrayLike, seed: int = 0) -> npt.NDArray[np.bool_]:
    """Which questions belong to the first of two halves; a group, such as a photographer, is never divided.

    Args:
        groups: (n,) names or numbers.
        seed: Of the order in which groups are dealt, each to the half that has fewer questions so far.
    """
    _, owner, counts = np.unique(np.asarray(groups), return_inverse=True, return_counts=True)
    first, sizes = np.zeros(len(counts), bool), [0, 0]
    for group in np.random.default_rng(seed).permutation(len(counts)):
        first[group] = sizes[0] <= sizes[1]
        sizes[int(not first[group])] += int(counts[group])
    return first[owner]


@dataclass(frozen=True)
class Places:
    """Where truths lie, for a fit that looks at that as well as at what is right.

    Args:
        of: From rows to the logarithms of the density at their truths, as a function of the temperature. A question
            whose truth lies nowhere has 0, here and in the prior.
        log_prior: (n,) logarithm of q at each truth.
    """

    of: OfRows
    log_prior: Floats


@dataclass(frozen=True)
class CrossFit:
    """A fit on all questions, and the fits on either half for figures about the other.

    Attributes:
        tempering: What answers are to be calibrated with.
        held_out: Fitted on the second half, for questions of the first; and the other way round.
        before: Mean log-likelihood of all questions as the system was.
        after: The same with each half under what was fitted on the other.
        places: Mean logarithm of the density at the truth, before and after; 0 where it was not asked for.
    """

    tempering: Tempering
    held_out: tuple[Tempering, Tempering]
    before: float
    after: float
    places: tuple[float, float] = (0.0, 0.0)


def cross_fit(
    log_truth: OfRows,
    log_prior: npt.ArrayLike,
    first: npt.NDArray[np.bool_],
    places: Places | None = None,
    hand_made: bool = False,
) -> CrossFit:
    """Fit on each half, measure on the other, and fit on all; a fit that does not help on the other half is dropped.

    What is right decides a temperature, but hardly what lies beyond the first place. So the density at the truth counts
    as well: with the first of ``PLACES_WEIGHTS`` under which neither of the two gets worse on the other half.

    Args:
        log_truth: From rows to the function that :func:`fit_tempering` takes for them.
        log_prior: (n,) as there.
        first: (n,) of :func:`halves`.
        places: Where the truths lie; None where that is not known.
        hand_made: As in :func:`fit_tempering`.

    Raises:
        ValueError: A half is empty, or as :func:`fit_tempering`.
    """
    prior = np.asarray(log_prior, dtype=np.float64)
    rows = (np.flatnonzero(first), np.flatnonzero(~first))
    if not len(rows[0]) or not len(rows[1]):
        raise ValueError("One half is empty: there must be at least two groups")

    def told(fits: tuple[Tempering, Tempering]) -> tuple[float, float]:
        """Mean log-likelihoods of all questions, each half under its fit: of what is right, and of places."""
        right, at = np.zeros(len(prior)), np.zeros(len(prior))
        for part, fit in zip(rows, fits, strict=True):
            right[part] = fit.log_likelihood(log_truth(part), prior[part])
            at[part] = fit.log_likelihood(places.of(part), places.log_prior[part]) if places else 0.0
        return float(right.mean()), float(at.mean())

    def fitted(part: npt.NDArray[np.intp], weight: float) -> Tempering:
        also = (places.of(part), places.log_prior[part]) if places and weight else None
        return fit_tempering(log_truth(part), prior[part], also, weight, hand_made)

    as_it_was = (Tempering(), Tempering())
    before = told(as_it_was)
    for weight in PLACES_WEIGHTS if places else (0.0,):
        fits = (fitted(rows[1], weight), fitted(rows[0], weight))
        after = told(fits)
        if after[0] > before[0] and after[1] >= before[1]:
            whole = fitted(np.arange(len(prior)), weight)
            return CrossFit(whole, fits, before[0], after[0], (before[1], after[1]))
    return CrossFit(Tempering(), as_it_was, before[0], before[0], (before[1], before[1]))
