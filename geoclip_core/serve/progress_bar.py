"""Progress on a terminal: how much is done, how fast, and how long the rest will take."""

from __future__ import annotations

import sys
from typing import Any


class Bar:
    """A progress bar on standard error that appears with the first report.

    Args:
        word: What is being done.
        unit: What is counted.
    """

    def __init__(self, word: str, unit: str = "point") -> None:
        self.word = word
        self.unit = unit
        self.shown: Any = None

    def __call__(self, done: int, total: int) -> None:
        """Move on to ``done`` of ``total``, which is 0 as long as it is not known."""
        if self.shown is None:
            from tqdm import tqdm

            self.shown = tqdm(total=total or None, desc=self.word, unit=self.unit, file=sys.stderr)
        if total and self.shown.total != total:
            self.shown.total = total
        self.shown.update(done - self.shown.n)
        if total and done >= total:
            self.close()

    def close(self) -> None:
        """End the line."""
        if self.shown is not None:
            self.shown.close()
