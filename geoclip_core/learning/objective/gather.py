"""The joined batch of several processes; in one process, the batch itself."""

from __future__ import annotations

from typing import Any

import torch
import torch.distributed as dist
from torch import Tensor
from torch.autograd.function import FunctionCtx


def _several() -> bool:
    return dist.is_available() and dist.is_initialized() and dist.get_world_size() > 1


def gather_rows(rows: Tensor) -> tuple[Tensor, int]:
    """Rows of all processes in the order of their ranks, without gradient.

    Args:
        rows: (n, ...); n may differ between processes.

    Returns:
        The joined rows, and the index of the first that is this process's own.
    """
    if not _several():
        return rows, 0
    counts = [torch.zeros(1, dtype=torch.int64, device=rows.device) for _ in range(dist.get_world_size())]
    dist.all_gather(counts, torch.tensor([len(rows)], device=rows.device))
    sizes = [int(count) for count in counts]
    padded = rows.new_zeros(max(sizes), *rows.shape[1:])
    padded[: len(rows)] = rows
    parts = [torch.empty_like(padded) for _ in sizes]
    dist.all_gather(parts, padded)
    joined = torch.cat([part[:size] for part, size in zip(parts, sizes, strict=True)])
    return joined, sum(sizes[: dist.get_rank()])


def gather_with_gradient(rows: Tensor) -> Tensor:
    """Rows of all processes, through which gradients flow back to the process they came from.

    Args:
        rows: (n, ...), the same shape in every process.
    """
    return torch.cat(tuple(_Gather.apply(rows))) if _several() else rows


class _Gather(torch.autograd.Function):
    """All ranks' rows; backward sums all ranks' gradients for the local rows.

    torch has the same as ``torch.distributed.nn.functional.all_gather``, and deprecates it for a private module.
    """

    @staticmethod
    def forward(_: FunctionCtx, rows: Tensor) -> tuple[Tensor, ...]:
        parts = [torch.empty_like(rows) for _ in range(dist.get_world_size())]
        dist.all_gather(parts, rows.contiguous())
        return tuple(parts)

    @staticmethod
    def backward(_: FunctionCtx, *slopes: Tensor) -> Tensor:
        total = torch.stack(slopes)
        dist.all_reduce(total)
        return total[dist.get_rank()]


def gather_objects(value: Any) -> list[Any]:
    """A value of every process, in the order of their ranks."""
    if not _several():
        return [value]
    values: list[Any] = [None] * dist.get_world_size()
    dist.all_gather_object(values, value)
    return values
