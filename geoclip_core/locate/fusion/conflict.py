"""Evidence that disagrees: found by one measure, and kept apart instead of multiplied.

Two witnesses, such as a photo and a text, with likelihoods a and b at points x of prior weight m(x) either speak of one
place or of two. How much likelier one place makes them than two independent ones is the Bayes factor

    ``B = sum_x m(x) a(x) b(x) * sum_x m(x) / (sum_x m(x) a(x) * sum_x m(x) b(x))``:

the mass of their product relative to what each of them holds. Below 1/150, which Kass and Raftery (1995, "Bayes
factors", section 3.2) call very strong evidence against, they are in conflict. A product of such evidence would be a
confident place where neither points.

Evidence that is not fully reliable is no conflict for the product: it has the prior mixed in (``density.py``). That it
names another place is found by the same measure without the mixture, and told.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace

import numpy as np

from geoclip_core.evidence.source import Evidence
from geoclip_core.locate.density import TINY
from geoclip_core.locate.posterior import Comparison
from geoclip_core.locate.query import Query

LEAST_BAYES_FACTOR = 1 / 150


@dataclass(frozen=True)
class Conflict:
    """Two witnesses that speak of different places.

    Attributes:
        witnesses: What they come from, such as ("photo 1", "the text").
        bayes_factor: Of one place against two, below ``LEAST_BAYES_FACTOR``.
        kept_apart: Whether each keeps its own place; else one of them is too unreliable to keep one against the other.
    """

    witnesses: tuple[str, str]
    bayes_factor: float
    kept_apart: bool = True

    @property
    def sentence(self) -> str:
        """What to tell a person."""
        one, other = self.witnesses
        said = f"{one[0].upper()}{one[1:]} and {other} speak of different places"
        if self.kept_apart:
            return f"{said}; both are kept, each with its own."
        return f"{said}; the less reliable of the two counts less."


def separate(query: Query, compared: Comparison) -> tuple[Query, tuple[Conflict, ...]]:
    """Put witnesses that exclude each other into different groups.

    Each witness joins the first group with all of whose members it agrees, in the order of the evidence.

    Args:
        query: The question.
        compared: What ``posterior.compare`` made of it.

    Returns:
        The question with groups, and the conflicts between its witnesses.
    """
    heard = [part.witness for part in query.evidence if part.power > 0]
    witnesses = list(dict.fromkeys(heard))
    if len(witnesses) < 2:
        return query, ()
    logs = [
        np.sum([compared.logs[i] for i, part in enumerate(query.evidence) if part.witness == witness], axis=0)
        for witness in witnesses
    ]
    likelihoods = [np.exp(log - log.max()) for log in logs]
    conflicts = {
        (i, j): factor
        for i in range(len(witnesses))
        for j in range(i)
        if (factor := _bayes_factor(compared.prior, likelihoods[i], likelihoods[j])) < LEAST_BAYES_FACTOR
    }
    told = [Conflict((witnesses[j], witnesses[i]), factor) for (i, j), factor in sorted(conflicts.items())]
    told += _told_only(query, compared, witnesses, conflicts)
    if not conflicts:
        return query, tuple(told)
    groups: list[list[int]] = []
    for i in range(len(witnesses)):
        home = next((group for group in groups if not any((i, j) in conflicts for j in group)), None)
        if home is None:
            groups.append([i])
        else:
            home.append(i)
    group_of = {witnesses[i]: number for number, group in enumerate(groups) for i in group}
    evidence = tuple(replace(part, group=group_of.get(part.witness, 0)) for part in query.evidence)
    return replace(query, evidence=evidence), tuple(told)


def _told_only(
    query: Query, compared: Comparison, witnesses: Sequence[str], conflicts: Collection[tuple[int, int]]
) -> list[Conflict]:
    """Witnesses that name places and would be in conflict, were they reliable."""
    if all(part.reliability == 1 or part.points is None for part in query.evidence):
        return []
    logs = np.zeros((len(witnesses), len(compared.prior)))
    for part, log in zip(query.evidence, compared.logs, strict=True):
        if part.power > 0:
            logs[witnesses.index(part.witness)] += _unmixed(part, log, compared.prior)
    pure = np.exp(logs - logs.max(axis=1, keepdims=True))
    return [
        Conflict((witnesses[j], witnesses[i]), factor, kept_apart=False)
        for i in range(len(witnesses))
        for j in range(i)
        if (i, j) not in conflicts and (factor := _bayes_factor(compared.prior, pure[i], pure[j])) < LEAST_BAYES_FACTOR
    ]


def _unmixed(part: Evidence, log: np.ndarray, prior: np.ndarray) -> np.ndarray:
    """The logarithm of a piece's density without the prior in it; regions are hints, and stay as they are."""
    if part.reliability == 1 or part.points is None:
        return log
    alone = np.exp(log / part.power) - (1 - part.reliability) / prior.sum()
    return np.asarray(part.power * np.log(np.maximum(alone, 0) + TINY))


def _bayes_factor(prior: np.ndarray, a: np.ndarray, b: np.ndarray) -> float:
    return float((prior * a) @ b * prior.sum() / ((prior @ a) * (prior @ b)))
