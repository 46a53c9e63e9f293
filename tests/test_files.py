from __future__ import annotations

import hashlib
import io
import multiprocessing
import os
import re
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from filelock import FileLock

from geoclip_core import files
from geoclip_core.errors import CacheError, GeoclipError
from geoclip_core.files import asset_path, cache_folder, cached_arrays, digest, read_at_most, sha256

MADE = {"points": np.arange(12.0).reshape(3, 4), "names": np.array(["a", "Łódź"]), "none": np.zeros((0, 2))}


@pytest.fixture
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("GEOCLIP_CACHE", str(tmp_path / "deep" / "cache"))
    return tmp_path / "deep" / "cache"


class Builder:
    def __init__(self) -> None:
        self.calls = 0

    def __call__(self) -> dict[str, np.ndarray[Any, Any]]:
        self.calls += 1
        return MADE


def assert_same(found: files.Arrays) -> None:
    assert list(found) == list(MADE)
    for name, array in MADE.items():
        assert found[name].dtype == array.dtype
        assert np.array_equal(found[name], array)
        assert found[name].shape == array.shape


def test_assets_are_found_and_a_missing_one_is_named() -> None:
    assert asset_path("landmarks.csv").is_file()
    with pytest.raises(GeoclipError, match=r"assets/nothing\.csv is missing.*install the package again"):
        asset_path("nothing.csv")


def test_the_cache_is_where_the_variable_says(cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert cache_folder() == cache
    monkeypatch.setenv("GEOCLIP_CACHE", "~/somewhere")
    assert cache_folder() == Path.home() / "somewhere"
    monkeypatch.setenv("GEOCLIP_CACHE", "")
    assert cache_folder().name == "geoclip_core"


def test_a_digest_depends_on_every_part_and_on_dtype_and_shape() -> None:
    a = np.arange(6)
    parts: list[tuple[Any, ...]] = [
        ("a", "b"),
        ("ab",),
        ("b", "a"),
        (a,),
        (a.reshape(2, 3),),
        (a.reshape(3, 2),),
        (a.astype(np.int32),),
        (a.astype(np.float64),),
        (a[::-1],),
        (),
    ]
    assert len({digest(*part) for part in parts}) == len(parts)
    assert digest("a", b"b") == digest("a", "b")
    assert digest(a.reshape(2, 3).T) == digest(np.ascontiguousarray(a.reshape(2, 3).T))
    assert len(digest("a")) == 16


def test_arrays_are_built_once_and_mapped_afterwards(cache: Path) -> None:
    build = Builder()
    for _ in range(3):
        found = cached_arrays("things", "1", build)
        assert_same(found)
        assert isinstance(found["points"], np.memmap)
    assert build.calls == 1
    cached_arrays("things", "2", build)
    assert build.calls == 2
    found["points"][0, 0] = 77  # copy on write: what a caller does to its arrays stays with the caller
    assert_same(cached_arrays("things", "1", build))
    assert sorted(p.name for p in cache.iterdir() if p.is_dir()) == ["things-1", "things-2"]


@pytest.mark.parametrize("damage", ["truncate", "flip", "empty", "remove", "manifest", "list"])
def test_a_damaged_entry_is_found_and_built_again(cache: Path, damage: str) -> None:
    build = Builder()
    cached_arrays("things", "1", build)
    file = cache / "things-1" / "points.npy"
    if damage == "truncate":
        os.truncate(file, file.stat().st_size - 1)
    elif damage == "flip":
        data = bytearray(file.read_bytes())
        data[-1] ^= 1
        file.write_bytes(data)
    elif damage == "empty":
        file.write_bytes(b"")
    elif damage == "remove":
        file.unlink()
    else:
        (cache / "things-1" / "manifest.json").write_text("{" if damage == "manifest" else "[]")
    with pytest.warns(UserWarning, match=r"things-1 is damaged; it is built again"):
        assert_same(cached_arrays("things", "1", build))
    assert_same(cached_arrays("things", "1", build))
    assert build.calls == 2


def large() -> dict[str, np.ndarray]:
    return {"points": np.arange(1_000_000, dtype=np.float32)}


def test_damage_in_the_middle_of_a_large_file_is_found(cache: Path) -> None:
    cached_arrays("things", "1", large)
    file = cache / "things-1" / "points.npy"
    with file.open("r+b") as stream:
        stream.seek(1_500_000)
        stream.write(bytes(1000))
    with pytest.warns(UserWarning, match=r"things-1 is damaged; it is built again"):
        np.testing.assert_array_equal(cached_arrays("things", "1", large)["points"], large()["points"])
    np.testing.assert_array_equal(cached_arrays("things", "1", large)["points"], large()["points"])


def test_a_file_is_read_through_only_after_it_has_changed(cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    cached_arrays("things", "1", large)
    read = []
    monkeypatch.setattr(files, "sha256", lambda path: read.append(path) or sha256(path))
    cached_arrays("things", "1", large)
    assert not read
    (cache / "things-1" / "points.npy").touch()
    cached_arrays("things", "1", large)
    cached_arrays("things", "1", large)
    assert len(read) == 1
    (cache / "things-1" / "digests.json").unlink()  # as in entries of older versions
    cached_arrays("things", "1", large)
    assert (cache / "things-1" / "digests.json").is_file()


def test_a_folder_that_cannot_be_made_costs_the_cache_and_not_the_answer(cache: Path) -> None:
    # A file where the folder should be: root, which may run these tests, can write into any folder.
    cache.parent.mkdir()
    cache.write_text("")
    build = Builder()
    for calls in (1, 2):
        with pytest.warns(UserWarning, match=r"Cannot keep things-1 .*GEOCLIP_CACHE to a folder that can be written"):
            assert_same(cached_arrays("things", "1", build))
        assert build.calls == calls


def test_a_full_disk_costs_the_cache_and_not_the_answer(cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object, **__: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(np, "save", full)
    build = Builder()
    with pytest.warns(UserWarning, match=r"Cannot keep things-1 .*\(No space left on device\)"):
        assert_same(cached_arrays("things", "1", build))
    assert build.calls == 1
    assert [p.name for p in cache.iterdir()] == ["things-1.lock"]


def test_an_error_of_the_builder_reaches_the_caller_as_it_is(cache: Path) -> None:
    calls = []

    def build() -> dict[str, np.ndarray[Any, Any]]:
        calls.append(1)
        raise FileNotFoundError("cities500.json")

    with pytest.raises(FileNotFoundError, match=r"cities500\.json"):
        cached_arrays("things", "1", build)
    assert len(calls) == 1
    assert_same(cached_arrays("things", "1", Builder()))


def test_a_lock_that_is_never_released_is_an_error(cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(files, "_LOCK_SECONDS", 0)
    cache.mkdir(parents=True)
    with FileLock(cache / "things-1.lock"), pytest.raises(CacheError, match=r"has held .*things-1\.lock"):
        cached_arrays("things", "1", Builder())


def _ask(start: Any, builds: Any, answers: Any) -> None:
    def build() -> dict[str, np.ndarray[Any, Any]]:
        builds.put(os.getpid())
        return {"points": np.full(200_000, float(os.getpid()))}

    start.wait()
    answers.put(float(cached_arrays("things", "1", build)["points"].mean()))


def test_processes_that_ask_at_once_build_once(cache: Path) -> None:
    context = multiprocessing.get_context("spawn")
    start, builds, answers = context.Barrier(3), context.Queue(), context.Queue()
    processes = [context.Process(target=_ask, args=(start, builds, answers)) for _ in range(3)]
    for process in processes:
        process.start()
    found = [answers.get(timeout=300) for _ in processes]
    for process in processes:
        process.join()
    assert found == [float(builds.get(timeout=30))] * 3
    assert builds.empty()


def test_a_process_killed_while_writing_leaves_no_entry(cache: Path) -> None:
    code = """
import os, signal
import numpy as np
from geoclip_core import files

def die(path):
    os.kill(os.getpid(), signal.SIGKILL)
files._fingerprint = die  # the arrays are on disk, the manifest is not
files.cached_arrays("things", "1", lambda: {"points": np.zeros(1000)})
"""
    environment = os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)}
    assert subprocess.run([sys.executable, "-c", code], env=environment, check=False).returncode == -signal.SIGKILL
    assert list(cache.glob("*.lock"))
    assert list(cache.glob(".things-1-*/points.npy"))
    assert not (cache / "things-1").exists()
    build = Builder()
    assert_same(cached_arrays("things", "1", build))
    assert build.calls == 1
    assert not list(cache.glob(".things-1-*"))  # and what the dead process left is swept away


def test_every_digest_that_is_written_down_is_the_files() -> None:
    """``assets/SOURCES.md`` says where each file comes from, and its digest where a script made it."""
    table = asset_path("SOURCES.md").read_text(encoding="utf-8")
    listed = re.findall(r"^\| ([\w./]+) \|.*\| ([0-9a-f]{64}) \|$", table, re.MULTILINE)
    assert len(listed) >= 5
    for name, written in listed:
        assert hashlib.sha256(asset_path(name).read_bytes()).hexdigest() == written, name


def test_a_stream_is_asked_for_no_more_than_there_is() -> None:
    asked: list[int] = []

    class Counted(io.BytesIO):
        def read(self, size: int | None = -1, /) -> bytes:
            asked.append(size or 0)
            return super().read(size)

    stream = Counted(b"0123456789")
    stream.seek(4)
    assert read_at_most(stream, 1 << 30) == b"456789"
    stream.seek(1)
    assert read_at_most(stream, 3) == b"123"
    assert asked == [6, 3]

    class Pipe:
        """Cannot tell how much there is."""

        def read(self, size: int) -> bytes:
            return b"x" * min(size, 5)

    assert read_at_most(Pipe(), 100) == b"xxxxx"  # type: ignore[arg-type]
