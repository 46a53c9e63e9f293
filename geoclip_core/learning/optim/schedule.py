"""Learning-rate schedules, by name: a new one is a function here and a line in ``SCHEDULES``."""

from __future__ import annotations

import math
from collections.abc import Callable

from geoclip_core.errors import TrainingError
from geoclip_core.learning.settings import Recipe


def step_decay(step: int, steps_per_epoch: int, steps: float, recipe: Recipe) -> float:
    """The paper's schedule: ``recipe.decay`` to the power of the epochs that are over, as torch's StepLR.

    With ``recipe.decay_steps`` it counts these instead of the steps of an epoch.
    """
    del steps
    return recipe.decay ** (step // (recipe.decay_steps or steps_per_epoch))


def cosine(step: int, steps_per_epoch: int, steps: float, recipe: Recipe) -> float:
    """Half a cosine, from 1 at the end of the warm-up to 0 at the last step.

    Raises:
        TrainingError: The run has no last step.
    """
    del steps_per_epoch
    if math.isinf(steps):
        raise TrainingError(
            "recipe.schedule is cosine, and this run has no last step",
            hint="set trainer.max_epochs or trainer.max_steps",
        )
    done = (step - recipe.warmup_steps) / max(1.0, steps - recipe.warmup_steps)
    return 0.5 * (1 + math.cos(math.pi * min(1.0, max(0.0, done))))


SCHEDULES: dict[str, Callable[[int, int, float, Recipe], float]] = {"step": step_decay, "cosine": cosine}
"""Name in ``recipe.schedule`` -> function of the steps taken, the steps in an epoch, the steps in the whole run
(infinite where it has no end) and the recipe, giving the factor on the learning rate in [0, 1], before warm-up."""


def learning_rate_factor(step: int, steps_per_epoch: int, steps: float, recipe: Recipe) -> float:
    """Factor on the learning rate at an optimiser step: the schedule's, times the warm-up's.

    Args:
        step: Steps taken so far.
        steps_per_epoch: Steps in an epoch.
        steps: Steps in the whole run, infinite where it has no end.
        recipe: Schedule, decay and warm-up.

    Returns:
        A number in [0, 1].

    Raises:
        TrainingError: There is no such schedule, or it needs an end that the run does not have.
    """
    schedule = SCHEDULES.get(recipe.schedule)
    if schedule is None:
        raise TrainingError(f"recipe.schedule is {recipe.schedule!r}", allowed=", ".join(SCHEDULES))
    warm = min(1.0, (step + 1) / recipe.warmup_steps) if recipe.warmup_steps else 1.0
    return warm * schedule(step, steps_per_epoch, steps, recipe)
