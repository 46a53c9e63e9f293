"""A batch on a Ray cluster, by Ray Data: actors hold the model, work streams to them, and finished rows stream back.

Groups of photos are the same as in one process, so that rows are, too. What is finished is noted by the process that
drives the batch; a worker that dies is started again and its groups are done again. Photos must be readable at the same
paths from every machine; relative ones start where the driving process stands. Ray's reports to its makers are off.

Work that keeps what it has finished by itself, such as ``training/make_features.py``, is shared out by
:func:`share_work`.
"""

from __future__ import annotations

import json
import logging
import os
from collections.abc import Callable, Generator, Iterator
from contextlib import contextmanager, suppress
from dataclasses import astuple, dataclass
from itertools import islice
from pathlib import Path
from typing import Any, TypeVar

from geoclip_core.errors import GeoclipError, MissingDependencyError, QueryError
from geoclip_core.export.rows import Row
from geoclip_core.files import Progress
from geoclip_core.locate.load import load_locator
from geoclip_core.locate.locator import Locator
from geoclip_core.locate.many.pipeline import batch_size
from geoclip_core.serve.batch import BatchSettings, Group, group_rows, run_batch
from geoclip_core.serve.photo_list import Item, PhotoList

WAVE = 4096
"""Groups that Ray is given at a time: the memory of the driving process does not grow with the list."""

Told = TypeVar("Told")
_MOST_STARTS = 10  # of a share of work, besides the first: each goes on where the last one ended
_PER_TASK = 2  # groups of one task: the photos of one are decoded while the networks look at the other
_QUIET = {"RAY_USAGE_STATS_ENABLED": "0", "RAY_ACCEL_ENV_VAR_OVERRIDE_ON_ZERO": "0", "RAY_DEDUP_LOGS": "1"}


@dataclass(frozen=True)
class Cluster:
    """Where the work is done.

    Attributes:
        address: ``"local"`` for the cores of this machine, else the address of a running cluster.
        workers: How many actors; 0 for as many as there is room for.
        gpus: Share of a GPU that each takes, such as 0.25; 0 for processors.
    """

    address: str = "local"
    workers: int = 0
    gpus: float = 0.0

    def __post_init__(self) -> None:
        if self.workers < 0 or self.gpus < 0:
            raise QueryError("The number of workers or GPUs is negative", allowed="0 or more")


@dataclass(frozen=True)
class ModelSpec:
    """The model that every worker loads; see ``load_locator``."""

    name: str = "auto"
    device: str = "auto"
    clip: str | None = None
    gallery: str | None = None

    def load(self) -> Locator:
        """Load it."""
        return load_locator(self.name, self.device, clip=self.clip, gallery=self.gallery)


class Worker:
    """An actor that holds a model.

    Args:
        spec: The model.
        settings: How places are read off.
        folder: Where relative paths start.
    """

    def __init__(self, spec: ModelSpec, settings: BatchSettings, folder: Path) -> None:
        _stand_in(folder)
        self._locator = spec.load()
        self._settings = settings.checked()

    def __call__(self, batch: dict[str, Any]) -> dict[str, list[str]]:
        """Rows of groups: for each group, JSON of the rows of each of its photos."""
        groups = [tuple(Item(*parts) for parts in json.loads(text)) for text in batch["group"]]
        made = group_rows(self._locator, groups, self._settings)
        return {"rows": [json.dumps(list(islice(made, len(group)))) for group in groups]}


def locate_on_ray(
    cluster: Cluster,
    spec: ModelSpec,
    photos: PhotoList,
    out: Path,
    settings: BatchSettings,
    progress: Progress | None = None,
) -> tuple[str, dict[str, int]]:
    """Locate many photos on a Ray cluster; see ``batch.locate_batch``, whose parts it goes on with.

    Args:
        cluster: Where the work is done.
        spec: The model.
        photos: The photos.
        out: The result.
        settings: How places are read off.
        progress: Told how far it is.

    Returns:
        The model's name, and counts as ``locate_batch`` has them.

    Raises:
        MissingDependencyError: ray is not installed.
        GeoclipError: As ``locate_batch``; or there is no such cluster, or it fails.
    """
    settings.checked()
    with _connected(cluster) as ray:
        # Done in a process of its own, which ends afterwards: the driving process holds no model.
        asked = ray.remote(max_calls=1)(_about).options(num_gpus=cluster.gpus)
        name, key, group = ray.get(asked.remote(spec, settings, Path.cwd()))
        return name, run_batch(_on_ray(cluster, spec, settings), photos, out, key, group, progress)


def share_work(cluster: Cluster, work: Callable[[int, int], Told]) -> list[Told]:
    """Share out work that keeps what it has finished: where a worker dies, its share is begun again.

    Args:
        cluster: Where the work is done, one share for each worker.
        work: Called with the number of a share, from 0, and with how many there are.

    Returns:
        What each share returned.

    Raises:
        MissingDependencyError: ray is not installed.
        GeoclipError: That of a share; or there is no such cluster, or it fails.
    """
    with _connected(cluster) as ray:
        share = ray.remote(max_calls=1, max_retries=_MOST_STARTS)(_share).options(num_cpus=1, num_gpus=cluster.gpus)
        count = _workers(cluster)
        told: list[Told] = ray.get([share.remote(work, number, count, Path.cwd()) for number in range(count)])
        return told


def _share(work: Callable[[int, int], Told], number: int, count: int, folder: Path) -> Told:
    _stand_in(folder)
    return work(number, count)


def _stand_in(folder: Path) -> None:
    """Let relative paths mean in a worker what they mean to whoever asked; without the folder there are none."""
    with suppress(OSError):
        os.chdir(folder)


@contextmanager
def _connected(cluster: Cluster) -> Iterator[Any]:
    """Ray, connected with a cluster; its errors are told as ours.

    Raises:
        MissingDependencyError: ray is not installed.
        GeoclipError: That of a worker; or there is no such cluster, or it fails.
    """
    for name, value in _QUIET.items():
        os.environ.setdefault(name, value)
    try:
        import ray
    except ImportError as error:
        raise MissingDependencyError("--ray needs the package ray", hint='pip install "geoclip-core[ray]"') from error
    own = not ray.is_initialized()
    try:
        if own:
            _start(cluster.address)
        yield ray
    except (ray.exceptions.RayError, ConnectionError) as error:
        cause = getattr(error, "cause", None)
        if isinstance(cause, GeoclipError):
            raise cause from error
        why = " ".join(str(error).split())[-300:]
        raise GeoclipError(
            f"Ray failed ({why})", hint="run the same command again; what is finished is kept"
        ) from error
    finally:
        if own:
            ray.shutdown()


def _start(address: str) -> None:
    """Connect with a cluster, or start one here.

    Raises:
        ConnectionError: It cannot be had.
    """
    import ray

    given = None if address == "local" else address
    try:
        ray.init(address=given, include_dashboard=False, log_to_driver=False, logging_level=logging.WARNING)
    except Exception as error:  # Ray raises plain ones where there is no such cluster or its start takes too long
        raise ConnectionError(str(error)) from error


def _workers(cluster: Cluster) -> int:
    """How many workers there are: as was asked, else as many as there is room for."""
    import ray

    have: dict[str, float] = ray.cluster_resources()  # type: ignore[no-untyped-call]
    room = have.get("GPU", 0.0) / cluster.gpus if cluster.gpus else have.get("CPU", 1.0)
    return cluster.workers or max(1, int(room))


def _about(spec: ModelSpec, settings: BatchSettings, folder: Path) -> tuple[str, str, int]:
    """Of the model as a worker has it: its name, what rows depend on, photos per group."""
    _stand_in(folder)
    locator = spec.load()
    return locator.name, settings.key(locator), batch_size(locator.gallery)


def _on_ray(
    cluster: Cluster, spec: ModelSpec, settings: BatchSettings
) -> Callable[[Iterator[Group]], Generator[list[Row], None, None]]:
    import ray
    from ray.data import ActorPoolStrategy, DataContext

    context = DataContext.get_current()
    context.enable_progress_bars = False
    context.execution_options.preserve_order = True
    most = _workers(cluster)

    def work(groups: Iterator[Group]) -> Generator[list[Row], None, None]:
        while wave := [json.dumps([astuple(item) for item in group]) for group in islice(groups, WAVE)]:
            tasks = -(-len(wave) // _PER_TASK)
            data = ray.data.from_items([{"group": text} for text in wave], override_num_blocks=tasks)
            rows = data.map_batches(
                Worker,
                batch_size=_PER_TASK,
                fn_constructor_args=(spec, settings, Path.cwd()),
                compute=ActorPoolStrategy(min_size=1, max_size=min(most, tasks)),
                num_gpus=cluster.gpus or None,
                num_cpus=1,
            )
            for made in rows.iter_rows():
                yield from json.loads(made["rows"])

    return work
