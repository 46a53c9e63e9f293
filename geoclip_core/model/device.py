"""Where networks run, and in which precision."""

from __future__ import annotations

import torch

from geoclip_core.errors import DeviceError, QueryError

DEVICES = "auto, cpu, cuda, mps"


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
