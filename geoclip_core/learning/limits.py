"""Which numbers a setting may have; one that is out of range is told by its name, before anything is computed."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Iterable, Mapping
from typing import Any

from geoclip_core.errors import TrainingError


@dataclasses.dataclass(frozen=True)
class Limit:
    """The range of a number.

    Attributes:
        least: The smallest number.
        most: The largest.
        open: Whether ``least`` itself is too small.
        hint: What to try instead.
        also: A number outside that has a meaning of its own.
    """

    least: float = 0.0
    most: float = math.inf
    open: bool = False
    hint: str = ""
    also: float | None = None

    def holds(self, value: float) -> bool:
        """Whether the number is in the range; what is no number or has no end is not."""
        enough = value > self.least if self.open else value >= self.least
        return (enough and value <= self.most and math.isfinite(value)) or value == self.also

    @property
    def words(self) -> str:
        """The range in words."""
        words = f"{'above' if self.open else 'at least'} {self.least:.10g}"
        words += "" if math.isinf(self.most) else f" and at most {self.most:.10g}"
        return words if self.also is None else f"{words}, or {self.also:g}"


_ABOVE_0, _FROM_0, _FROM_1, _SHARE = Limit(open=True), Limit(), Limit(1), Limit(0, 1)
LIMITS: Mapping[str, Limit] = {
    "model.tower.width": Limit(1, hint="the width of the features: 768 for CLIP ViT-L/14"),
    "model.tower.lora_rank": Limit(1, hint="4 or 8"),
    "model.tower.lora_blocks": _FROM_1,
    "model.location.sigmas": Limit(open=True, hint="the paper's [1, 16, 256]"),
    "model.location.rows": _FROM_1,
    "model.location.width": _FROM_1,
    "model.location.dim": _FROM_1,
    "model.recipe.learning_rate": Limit(hint="the paper's 3e-5"),
    "model.recipe.matrix_rate": Limit(hint="0.02"),
    "model.recipe.weight_decay": Limit(hint="the paper's 1e-6"),
    "model.recipe.decay": Limit(0, 1, open=True, hint="the paper's 0.87; 1 keeps the learning rate"),
    "model.recipe.decay_steps": Limit(hint="0 for once per epoch"),
    "model.recipe.warmup_steps": _FROM_0,
    "model.recipe.temperature": Limit(open=True, hint="CLIP's 0.07"),
    "model.recipe.queue_size": Limit(hint="the paper's 4096; 0 for no queue"),
    "model.recipe.queue_noise_m": Limit(hint="the paper's 1000; 0 for no noise"),
    "model.recipe.noise_m": Limit(hint="the paper's 150; 0 for no noise"),
    "model.recipe.hard_negatives": Limit(hint="0 for none"),
    "model.recipe.hard_beyond_km": _FROM_0,
    "model.recipe.geocell_photos": Limit(hint="0 for no geocells"),
    "model.recipe.geocell_smoothing_km": _ABOVE_0,
    "model.recipe.seed": _FROM_0,
    "data.fraction": Limit(0, 1, open=True, hint="the paper's 0.2, 0.1 or 0.05; 1 for all"),
    "data.gallery_size": Limit(1, hint="leave it out"),
    "data.batch_size": Limit(1, hint="the paper's 512"),
    "data.validation_batch_size": Limit(1, hint="512"),
    "data.workers": Limit(hint="0 to read in the training process, or as many as there are cores"),
    "data.seed": _FROM_0,
    "views.count": Limit(hint="2; 0 for the plain view"),
    "views.smallest": Limit(0, 1, open=True, hint="0.08"),
    "views.flip": _SHARE,
    "views.jitter": _SHARE,
    "views.brightness": _SHARE,
    "views.hue": Limit(0, 0.5, hint="0.1"),
    "views.grey": _SHARE,
    "views.preprocess.size": Limit(1, hint="224, as CLIP ViT-L/14 sees photos"),
    "count": _FROM_1,
    "places": _FROM_1,
    "size": Limit(8, hint="32"),
    "noise": _FROM_0,
    "width_km": _ABOVE_0,
    "seed": _FROM_0,
    "seed_everything": Limit(0, 2**32 - 1, hint="0"),
    "save_every_steps": Limit(hint="0 to save at the end of every epoch only"),
    "best.save_top_k": Limit(-1, hint="1; -1 keeps all, 0 none"),
    "early_stop.patience": _FROM_0,
    "early_stop.min_delta": _FROM_0,
    "trainer.max_epochs": Limit(1, also=-1, hint="20; -1 for no end"),
    "trainer.max_steps": Limit(1, also=-1, hint="-1 for no limit"),
    "trainer.min_epochs": _FROM_0,
    "trainer.min_steps": _FROM_0,
    "trainer.accumulate_grad_batches": _FROM_1,
    "trainer.check_val_every_n_epoch": _FROM_1,
    "trainer.gradient_clip_val": _FROM_0,
    "trainer.log_every_n_steps": _FROM_0,
    "trainer.val_check_interval": Limit(open=True, hint="1.0, once at the end of every epoch"),
    "trainer.limit_train_batches": Limit(open=True, hint="1.0 for all"),
    "trainer.limit_val_batches": Limit(hint="0 for no validation"),
    "trainer.limit_test_batches": _FROM_0,
    "trainer.overfit_batches": _FROM_0,
    "trainer.fast_dev_run": _FROM_0,
    "trainer.num_nodes": _FROM_1,
}
"""Settings by their full names, those of a class by the names after ``init_args``; of a list every number must be in
the range, and there must be one."""


def check_numbers(prefix: str, values: Any) -> None:
    """Refuse numbers that are out of range.

    Args:
        prefix: What stands before the names, such as ``model.recipe``; empty for names in full.
        values: A dataclass, or settings by name; what has no limit, or is None, is passed over.

    Raises:
        TrainingError: A number is out of range; the first one is named.
    """
    named: Mapping[str, Any] = vars(values) if dataclasses.is_dataclass(values) else values
    for name, value in named.items():
        full = f"{prefix}.{name}" if prefix else name
        limit = LIMITS.get(full) or LIMITS.get(full.rpartition(".init_args.")[2])
        if limit is None or value is None or isinstance(value, str):
            continue
        several = isinstance(value, Iterable)
        numbers = list(value) if several else [value]
        if not numbers or not all(limit.holds(number) for number in numbers):
            every = "at least one number, each " if several else ""
            finite = ", and not infinite" if any(map(math.isinf, numbers)) else ""
            raise TrainingError(
                f"{full} is {value}",
                allowed=f"{every}{limit.words}{finite}",
                hint=f"set {full} to {limit.hint or limit.words}",
            )
