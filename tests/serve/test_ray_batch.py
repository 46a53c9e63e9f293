"""Batches and features on a real local Ray cluster: the same bytes as in one process, also when a worker is killed."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psutil
import pytest
from safetensors.torch import save_file

from geoclip_core.errors import DataError, GeoclipError, QueryError
from geoclip_core.locate.locator import Locator
from geoclip_core.serve.batch import BatchSettings, locate_batch
from geoclip_core.serve.photo_list import list_photos
from geoclip_core.serve.ray_batch import Cluster, ModelSpec, locate_on_ray, share_work
from tests.conftest import SmallClip
from tests.serve.batches import write_photos
from training import make_features

pytestmark = [pytest.mark.slow, pytest.mark.filterwarnings("ignore")]  # Ray's own, in its threads


@pytest.fixture(scope="module")
def cluster() -> Iterator[Cluster]:
    ray = pytest.importorskip("ray")
    # Workers give way to all other processes by default: they would wait for the other tests.
    os.environ.update({"RAY_USAGE_STATS_ENABLED": "0", "RAY_worker_niceness": "0"})
    ray.init(num_cpus=3, include_dashboard=False, log_to_driver=False, object_store_memory=200 << 20)
    yield Cluster("local", workers=2)
    ray.shutdown()


def workers() -> list[psutil.Process]:
    """The processes of actors that hold a model."""
    found = []
    for process in psutil.Process().children(recursive=True):
        try:
            if "MapWorker" in " ".join(process.cmdline()):
                found.append(process)
        except psutil.Error:
            continue
    return found


def test_ray_gives_the_same_bytes_though_a_worker_is_killed(
    cluster: Cluster, embedded_locator: Locator, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_photos(tmp_path / "photos", 200, plain=1000)
    monkeypatch.chdir(tmp_path)  # where no worker stands by itself
    photos = list_photos("photos")
    whole, out = tmp_path / "whole.parquet", tmp_path / "out.parquet"
    counts = locate_batch(embedded_locator, photos, whole, top_k=2)
    killed: list[int] = []

    def kill(done: int, total: int) -> None:
        if done > 20 and not killed and (found := workers()):
            killed.append(found[0].pid)
            os.kill(found[0].pid, signal.SIGKILL)

    name, found = locate_on_ray(cluster, ModelSpec("embedded"), photos, out, BatchSettings(top_k=2), kill)
    assert killed, "a worker was there to be killed"
    assert (name, found) == ("embedded", counts)
    assert out.read_bytes() == whole.read_bytes()


def test_an_unknown_model_is_told_as_such(cluster: Cluster, tmp_path: Path) -> None:
    photos = list_photos(write_photos(tmp_path / "photos", 2))
    with pytest.raises(GeoclipError, match="nowhere"):
        locate_on_ray(cluster, ModelSpec("nowhere"), photos, tmp_path / "out.csv", BatchSettings())
    with pytest.raises(QueryError):
        Cluster("local", workers=-1)


def test_a_cluster_that_does_not_start_is_told_in_words(monkeypatch: pytest.MonkeyPatch) -> None:
    ray = pytest.importorskip("ray")

    def slow(**_: object) -> None:
        raise Exception("The current node timed out during startup.")

    monkeypatch.setattr(ray, "is_initialized", lambda: False)
    monkeypatch.setattr(ray, "init", slow)
    monkeypatch.setattr(ray, "shutdown", lambda: None)
    with pytest.raises(GeoclipError, match=r"Ray failed \(The current node timed out.*run the same command again"):
        share_work(Cluster(), lambda number, count: None)


def test_a_share_whose_worker_dies_is_begun_again_and_its_errors_are_told(cluster: Cluster, tmp_path: Path) -> None:
    def work(number: int, count: int) -> tuple[int, int]:
        begun = tmp_path / str(number)
        if number == 1 and not begun.exists():
            begun.touch()
            os.kill(os.getpid(), signal.SIGKILL)
        return number, count

    assert share_work(Cluster("local", workers=3), work) == [(0, 3), (1, 3), (2, 3)]
    assert (tmp_path / "1").exists()

    def fails(number: int, count: int) -> None:
        raise DataError("no features here")

    with pytest.raises(DataError, match="no features here"):
        share_work(cluster, fails)


def test_features_are_those_of_one_process(
    cluster: Cluster,
    small_clip: SmallClip,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    photos = sorted(write_photos(tmp_path / "photos", 40).glob("*.jpg"))
    rows = [f"{path.name},{number / 2},{number}" for number, path in enumerate(photos)]
    (tmp_path / "photos.csv").write_text("\n".join(["image,latitude,longitude", *rows, "gone.jpg,1,2"]))
    save_file({name: tensor.clone() for name, tensor in small_clip.state.items()}, tmp_path / "clip.safetensors")
    monkeypatch.chdir(tmp_path)
    given: dict[str, Any] = {"table": "photos.csv", "folder": "photos", "weights": "clip.safetensors", "part_rows": 8}
    told = []
    for out, on in (("alone", {}), ("shared", {"ray": "local", "ray_workers": 2})):
        make_features.main(Path(out), device="cpu", **given, **on)
        told.append(capsys.readouterr().out)
    assert all(words.startswith("37 photos; 4 skipped ") for words in told)
    alone = {path.name: path.read_bytes() for path in (tmp_path / "alone").glob("*.safetensors")}
    shared = {path.name: path.read_bytes() for path in (tmp_path / "shared").glob("*.safetensors")}
    assert len(alone) >= 3
    assert alone == shared
