"""The command line of a run: every mistake is told in one line that names the setting."""

from __future__ import annotations

import difflib
import os
import re
import sys
from collections.abc import Sequence
from typing import Any, NoReturn

import yaml  # type: ignore[import-untyped]
from jsonargparse import get_loader, set_loader
from lightning.pytorch.accelerators import CUDAAccelerator, MPSAccelerator, XLAAccelerator
from lightning.pytorch.cli import LightningArgumentParser
from typing_extensions import override

from geoclip_core.errors import GeoclipError, TrainingError
from geoclip_core.learning.aliases import with_new_class_paths, without_old_keys

_MOST = 500  # characters of a message of jsonargparse, which may list every type that was tried

_read_yaml = get_loader("yaml")
set_loader("yaml", lambda text: without_old_keys(_read_yaml(with_new_class_paths(text))), (yaml.YAMLError,))


class RunParser(LightningArgumentParser):
    """Takes no abbreviations, reads class paths that were saved before a class moved, and says mistakes in one line."""

    def __init__(self, *args: Any, **named: Any) -> None:
        super().__init__(*args, allow_abbrev=False, **named)

    @override
    def parse_args(self, args: Sequence[str] | None = None, *more: Any, **named: Any) -> Any:  # type: ignore[override]
        """Parse a command line; see the base class."""
        words = sys.argv[1:] if args is None else args
        return super().parse_args([with_new_class_paths(word) for word in words], *more, **named)

    @override
    def error(self, message: str, ex: Exception | None = None) -> NoReturn:
        """Say what is wrong in one line and end with code 2, instead of pages of usage."""
        if not self.exit_on_error:
            super().error(message, ex)
        known = [option for action in self._actions for option in action.option_strings]
        sys.stderr.write(f"error: {one_line(message, known)}\n")
        self.exit(2)
        raise AssertionError("exit does not return")


def one_line(message: str, known: Sequence[str] = ()) -> str:
    """A message of the argument parser in one line, with what to try.

    Args:
        message: Of jsonargparse or argparse.
        known: The options that there are.
    """
    text = " ".join(message.split())
    text = text if len(text) <= _MOST else f"{text[:_MOST]} ..."
    if option := re.match(r"argument (\S+): expected one argument", text):
        name = option[1].split("/")[-1].rstrip(":")
        return f"{text}. Try: {name}=VALUE, with the sign =, where a value begins with a minus sign."
    wrong = re.search(r"unrecognized arguments: (--[\w.]+)", text) or re.search(r'[Kk]ey "?([\w.]+)"? is not', text)
    if wrong:
        name = wrong[1] if wrong[1].startswith("--") else f"--{wrong[1]}"
        if near := difflib.get_close_matches(name, known, 3, 0.75):
            return f"{text}. Try: {', '.join(near)}."
    return f"{text.rstrip('.')}. Try: --help, which lists every setting and what it takes."


def check_devices(asked: Any, count: Any) -> None:
    """Refuse a kind of chip that this machine does not have, and more processes than its processor has cores.

    Args:
        asked: ``trainer.accelerator``.
        count: ``trainer.devices``.

    Raises:
        TrainingError: One of both.
    """
    cuda, mps = CUDAAccelerator.is_available(), MPSAccelerator.is_available()
    kinds = {"auto": True, "cpu": True, "gpu": cuda or mps, "cuda": cuda, "mps": mps}
    kinds["tpu"] = XLAAccelerator.is_available()
    if isinstance(asked, str) and not kinds.get(asked, False):
        raise TrainingError(
            f"trainer.accelerator is {asked!r}, which this machine does not have",
            allowed=", ".join(name for name, there in kinds.items() if there),
            hint="set trainer.accelerator to auto",
        )
    cores = max(2, os.cpu_count() or 1)
    on_processor = asked == "cpu" or (asked == "auto" and not (cuda or mps or kinds["tpu"]))
    if on_processor and str(count).isdigit() and int(count) > cores:
        raise TrainingError(
            f"trainer.devices is {count}, and each device of a processor is a process of its own",
            allowed=f"at most {cores}, as this machine has cores",
            hint="set trainer.devices to 1, which uses all of them",
        )


def say_what_is_missing(error: Exception) -> None:
    """Raise a TrainingError where the error is that of a package that is not installed."""
    needed = re.search(r"Requirement '([^']+)' not met|No module named '([^']+)'", str(error))
    if needed is not None and not isinstance(error, GeoclipError):
        raise TrainingError(
            "A class that is named, such as that of trainer.logger, needs a package that is not installed "
            f"({needed[1] or needed[2]})",
            allowed="classes whose packages are installed",
            hint="install it with pip, or leave trainer.logger out, which writes CSV and TensorBoard files",
        ) from error
