"""What is asked under load, and what is told of it: how fast answers came, the memory of the process that gave them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import psutil

TEXTS = (
    *("Pyramids of Giza", "Boston, Massachusetts", "Desert", "Burj Khalifa", "a fishing village in Norway"),
    *("48.8584, 2.2945", "20 km north of Zürich", "Sydney", "富士山", "between Lyon and Geneva"),
)
"""More than the answers that a visit of the page keeps, so that each is new when its turn comes again."""


def memory_mb(process: int) -> float:
    """What a process holds that is not a file mapped into it, in MB; not a number where /proc is missing.

    Args:
        process: Its number.
    """
    try:
        lines = Path(f"/proc/{process}/status").read_text(encoding="utf-8").splitlines()
    except OSError:
        return float("nan")
    return sum(int(line.split()[1]) for line in lines if line.startswith(("RssAnon", "RssShmem"))) / 1024


def processor_s(process: int) -> float:
    """Seconds of the processor that a process has taken so far.

    Args:
        process: Its number.
    """
    times = psutil.Process(process).cpu_times()
    return float(times.user + times.system)


def summary(
    clients: int, seconds: list[float], took_s: float, processor_took_s: float, different: int
) -> dict[str, Any]:
    """One phase of a load.

    Args:
        clients: At a time.
        seconds: Of each answer.
        took_s: Seconds of the whole phase.
        processor_took_s: Those of the processor that the server took meanwhile.
        different: Answers unlike those of a single user.

    Returns:
        The rate, the median and the 99th percentile of the seconds, the processor's seconds of each answer, and what
        was given, as plain values.
    """
    times = np.array(seconds or [float("nan")])
    return {
        "clients": clients,
        "seconds": took_s,
        "answers": len(seconds),
        "answers_per_second": len(seconds) / took_s,
        "p50_s": float(np.percentile(times, 50)),
        "p99_s": float(np.percentile(times, 99)),
        "processor_s_per_answer": processor_took_s / max(1, len(seconds)),
        "different_answers": different,
    }
