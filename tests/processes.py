"""Commands in processes of their own, without the seconds that a new interpreter takes to import everything.

A server process imports the libraries once; each command is a fork of it, runs the real entry point as ``__main__``
and can be killed at any moment like any other process.
"""

from __future__ import annotations

import fnmatch
import multiprocessing
import os
import runpy
import signal
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
_IMPORTED = ["geoclip_core.serve.batch.run", "geoclip_core.locate.load", "training.train", "training.evaluate"]


def start(arguments: Sequence[str], said: Path, *, folder: Path = ROOT, dies: tuple[int, str] | None = None) -> Any:
    """Start ``python ARGUMENTS...`` with the environment of now.

    Args:
        arguments: ``-m MODULE ...`` or ``SCRIPT ...``, without the interpreter.
        said: File that takes what the command writes to both of its streams.
        folder: Where it is started.
        dies: It is killed once it has put so many files of such names (``part-*.json``) in their places, in the instant
            in which it would put the next one there. Whoever watches from outside may look too late.

    Returns:
        The process: ``pid``, ``exitcode``, ``kill()``, ``terminate()``, ``join(seconds)``.
    """
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(_IMPORTED)
    process = context.Process(target=_run, args=(list(arguments), said, folder, dict(os.environ), dies))
    process.start()
    return process


def run(arguments: Sequence[str], said: Path, *, folder: Path = ROOT, seconds: float = 300) -> int:
    """Run a command to its end; its exit code, negative for a signal."""
    process = start(arguments, said, folder=folder)
    process.join(seconds)
    assert process.exitcode is not None, said.read_text()
    return int(process.exitcode)


def appears(said: Path, words: str, process: Any, seconds: float = 300) -> None:
    """Wait until a command has written these words."""
    ends = time.monotonic() + seconds
    while not (said.exists() and words in said.read_text()):
        assert process.is_alive(), said.read_text()
        assert time.monotonic() < ends, said.read_text()
        time.sleep(0.01)


def _die_behind(count: int, names: str) -> None:
    left = count

    def watch(event: str, values: tuple[Any, ...]) -> None:
        nonlocal left
        if event == "os.rename" and fnmatch.fnmatch(Path(os.fsdecode(values[1])).name, names):
            if not left:
                os.kill(os.getpid(), signal.SIGKILL)
            left -= 1

    sys.addaudithook(watch)


def _run(
    arguments: list[str], said: Path, folder: Path, environment: dict[str, str], dies: tuple[int, str] | None
) -> None:
    stream = os.open(said, os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
    os.dup2(stream, 1)
    os.dup2(stream, 2)
    os.chdir(folder)
    os.environ.clear()
    os.environ.update(environment)
    if dies:
        _die_behind(*dies)
    if arguments[0] == "-m":
        sys.argv = arguments[1:]
        runpy.run_module(arguments[1], run_name="__main__", alter_sys=True)
    else:
        sys.argv = arguments
        sys.path.insert(0, str(Path(arguments[0]).resolve().parent))
        runpy.run_path(arguments[0], run_name="__main__")
