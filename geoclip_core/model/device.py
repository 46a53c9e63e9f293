"""Where networks run, and in which precision."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager

import torch

from geoclip_core.errors import DeviceError, QueryError

DEVICES = "auto, cpu, cuda, mps"

_setting_threads = threading.Lock()


def choose_device(name: str = "auto") -> torch.device:
    """The device that a person names.

    Args:
        name: ``"auto"`` takes CUDA where there is a GPU for it, else Apple's, else the processor. Or a torch device,
            such as ``"cpu"`` or ``"cuda:1"``.

    Raises:
        DeviceError: There is no such device on this machine.
    """
    if name == "auto":
        if torch.cuda.is_available():
            return torch.device("cuda")
        return torch.device("mps" if torch.backends.mps.is_available() else "cpu")
    try:
        device = torch.device(name)
        torch.zeros(1, device=device)
    except (RuntimeError, AssertionError, NotImplementedError) as error:
        reason = " ".join(str(error).split())[:160]
        raise DeviceError(
            f"The device {name!r} is not on this machine ({reason})", allowed=DEVICES, hint="use auto"
        ) from error
    return device


def choose_dtype(precision: str, device: torch.device) -> torch.dtype:
    """The number format of frozen towers.

    Args:
        precision: ``"float32"``, ``"bfloat16"``, or ``"auto"``: bfloat16 where the device computes in it.
        device: Where they run.

    Raises:
        QueryError: Another precision.
    """
    named = {"float32": torch.float32, "bfloat16": torch.bfloat16}
    if precision in named:
        return named[precision]
    if precision != "auto":
        raise QueryError(f"The precision is {precision!r}", allowed="auto, float32, bfloat16")
    if device.type == "cuda":
        return torch.bfloat16
    capable = any(have for what, have in torch.cpu.get_capabilities().items() if "bf16" in what)
    return torch.bfloat16 if device.type == "cpu" and capable else torch.float32


@contextmanager
def tiny_numbers_as_zeros() -> Iterator[None]:
    """Here the processor takes numbers below the normal range (1.2e-38 in float32) as zeros, in the calling thread.

    It multiplies with such subnormal numbers many times slower. The state is the thread's own, for all that runs in it,
    so it is put back in the end.
    """
    torch.set_flush_denormal(True)
    try:
        yield
    finally:
        torch.set_flush_denormal(False)


def use_threads(count: int) -> None:
    """Let the operations of the calling thread take so many of the processor's threads; all others keep their number.

    Args:
        count: 1 or more; see ``torch.set_num_threads``.
    """
    # A thread that uses torch for the first time gets the number that was set last, wherever that was; so what was
    # valid before is set again at once, by a thread that does nothing else.
    with _setting_threads:
        before = torch.get_num_threads()
        torch.set_num_threads(count)
        again = threading.Thread(target=torch.set_num_threads, args=(before,))
        again.start()
        again.join()
