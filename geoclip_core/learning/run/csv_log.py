"""The CSV file of a run's losses and accuracies, which a resumed run continues."""

from __future__ import annotations

import csv
import io
from pathlib import Path
from typing import Any

from lightning.fabric.loggers.logger import rank_zero_experiment
from lightning.pytorch.loggers import CSVLogger
from typing_extensions import override

from geoclip_core.files import write_text


class _Rows:
    """Rows of ``metrics.csv``: those on the disk, and those to come; the place of Lightning's own writer."""

    def __init__(self, file: Path) -> None:
        self.file = file
        self._new: list[dict[str, Any]] = []
        self._names: list[str] = []
        self._last: tuple[int | None, frozenset[str]] | None = None
        if file.is_file():
            with file.open(newline="", encoding="utf-8") as stream:
                self._names = list(csv.DictReader(stream).fieldnames or [])

    def log_hparams(self, params: dict[str, Any]) -> None:
        """Nothing: a run's settings are in its ``config.yaml``."""

    def log_metrics(self, metrics: dict[str, Any], step: int | None = None) -> None:
        """Add a row; one of the same step and the same columns as the last is the same row once more."""
        kind = (step, frozenset(metrics))
        if kind != self._last:
            self._last = kind
            self._new.append({name: getattr(value, "item", lambda v=value: v)() for name, value in metrics.items()})
            self._new[-1]["step"] = step

    def save(self) -> None:
        """Append the new rows, or write the file anew where they have new columns."""
        if not self._new:
            return
        names = sorted({*self._names, *(name for row in self._new for name in row)})
        if names == self._names:
            with self.file.open("a", newline="", encoding="utf-8") as stream:
                csv.DictWriter(stream, names).writerows(self._new)
        else:
            self._names = names
            self._write([*self._read(), *self._new])
        self._new = []

    def cut(self, step: int) -> None:
        """Remove the rows from a step on, which will be taken again."""
        self._write([row for row in self._read() if row["step"].isdigit() and int(row["step"]) < step])

    def _read(self) -> list[dict[str, Any]]:
        if not self.file.is_file():
            return []
        with self.file.open(newline="", encoding="utf-8") as stream:
            return list(csv.DictReader(stream))

    def _write(self, rows: list[dict[str, Any]]) -> None:
        if self._names:
            text = io.StringIO(newline="")
            writer = csv.DictWriter(text, self._names)
            writer.writeheader()
            writer.writerows(rows)
            write_text(self.file, text.getvalue())


class ContinuedCSV(CSVLogger):
    """Lightning's CSV log, in one file for a run and all that resumes it: ``csv/version_0/metrics.csv``.

    Args:
        root: The run's folder.
    """

    def __init__(self, root: Path) -> None:
        super().__init__(root, "csv", 0)

    @property
    @override
    @rank_zero_experiment
    def experiment(self) -> Any:
        """What rows are written to."""
        if self._experiment is None:
            folder = Path(self.log_dir)
            folder.mkdir(parents=True, exist_ok=True)
            self._experiment = _Rows(folder / "metrics.csv")  # type: ignore[assignment]
        return self._experiment

    def continue_at(self, step: int) -> None:
        """Forget what was logged after the checkpoint that a run goes on from.

        Args:
            step: Optimiser steps that the checkpoint has taken; 0 forgets everything.
        """
        if hasattr(self.experiment, "cut"):  # other processes than the first have none
            self.experiment.cut(step)
