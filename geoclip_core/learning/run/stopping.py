"""SIGTERM, Ctrl-C, a closed terminal and a cluster's signal: a run stops where it can be resumed exactly."""

from __future__ import annotations

import logging
import os
import signal
import sys
import threading
from types import FrameType
from typing import Any, TextIO

from lightning.fabric.plugins.environments.slurm import SLURMEnvironment
from lightning.pytorch import LightningModule, Trainer
from lightning.pytorch.callbacks import Callback
from typing_extensions import override

_log = logging.getLogger(__name__)


class StopSignals(Callback):
    """Remembers the signals that ask a run to stop; whoever saves checkpoints asks :meth:`wanted` after each step.

    A second signal ends the process at once, as does the first where nothing is being trained. The exit code is 128 and
    the signal's number, as a shell reports it, so that what a script does next is not done with half a model.
    """

    def __init__(self) -> None:
        self.received: int | None = None
        self._training = False
        self._requeue: Any = None
        self._requeue_signal: int | None = None
        self._terminals: list[int] = []

    @override
    def on_train_start(self, trainer: Trainer, pl_module: LightningModule) -> None:
        """Take the place of Lightning's handlers, which end with code 0 or save in the middle of a step.

        Lightning gives all signals back what they had before, however the run ends.
        """
        self._training, self.received = True, None
        if trainer.received_sigterm:  # while the run was made ready
            self.received = int(signal.SIGTERM)
        self._listen(signal.SIGINT, signal.SIGTERM)
        hangup: signal.Signals | None = getattr(signal, "SIGHUP", None)  # Windows has none
        if hangup is not None and signal.getsignal(hangup) != signal.SIG_IGN:  # as nohup leaves it
            streams = [stream for stream in (sys.__stdout__, sys.__stderr__) if stream is not None]
            self._terminals = [stream.fileno() for stream in streams if _is_terminal(stream)]
            self._listen(hangup)
        cluster = trainer._accelerator_connector.cluster_environment
        if isinstance(cluster, SLURMEnvironment) and cluster.auto_requeue and cluster.requeue_signal is not None:
            self._requeue, self._requeue_signal = signal.getsignal(cluster.requeue_signal), cluster.requeue_signal
            self._listen(cluster.requeue_signal)

    @override
    def on_validation_start(self, trainer: Trainer, pl_module: LightningModule) -> None:
        """Listen where only validation runs: the first signal ends it."""
        if not self._training:
            self._listen(signal.SIGINT, signal.SIGTERM)

    @override
    def on_test_start(self, trainer: Trainer, pl_module: LightningModule) -> None:
        """Listen where a test runs: the first signal ends it."""
        self._listen(signal.SIGINT, signal.SIGTERM)

    def wanted(self, trainer: Trainer) -> bool:
        """Whether any process of the run was asked to stop; every process asks after the same step."""
        mine = self.received is not None
        return bool(trainer.strategy.reduce_boolean_decision(mine, all=False)) if trainer.world_size > 1 else mine

    def stop(self, trainer: Trainer, saved: str) -> None:
        """End the process, after a cluster was told to start the run again where its signal was the reason.

        Args:
            trainer: Whose run stands at a step that can be resumed.
            saved: The checkpoint of that step.

        Raises:
            SystemExit: Always.
        """
        number = self.received or signal.SIGTERM
        if callable(self._requeue) and number == self._requeue_signal:
            self._requeue(number, None)  # Lightning's: saves a checkpoint of its own and calls scontrol
        name = signal.Signals(number).name
        _log.warning("Stopped by %s after step %d; %s goes on with --ckpt_path last", name, trainer.global_step, saved)
        raise SystemExit(128 + number)

    def _listen(self, *numbers: int) -> None:
        if threading.current_thread() is threading.main_thread():
            for number in numbers:
                signal.signal(number, self._handle)

    def _handle(self, number: int, frame: FrameType | None) -> None:
        del frame
        if self.received is not None or not self._training:
            raise SystemExit(128 + number)
        self.received = number
        if self._terminals and number == getattr(signal, "SIGHUP", None):  # writing to a closed one is an error
            nowhere = os.open(os.devnull, os.O_WRONLY)
            for terminal in self._terminals:
                os.dup2(nowhere, terminal)
        _log.warning("%s: the run stops after this step; once more stops it at once", signal.Signals(number).name)


def _is_terminal(stream: TextIO) -> bool:
    try:
        return stream.isatty()
    except ValueError:  # closed
        return False
