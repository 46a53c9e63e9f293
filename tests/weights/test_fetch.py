"""Fetching CLIP, from a small server that speaks as much of the hub's language as a download needs."""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from types import SimpleNamespace

import pytest
from filelock import FileLock
from huggingface_hub import constants, file_download

from geoclip_core.errors import CacheError, WeightsError
from geoclip_core.weights.registry import FileRecord, HubFile
from geoclip_core.weights.resolve import WeightsFile, fetch_clip, find_clip

CONTENT = bytes(range(256)) * 4096  # 1 MiB
PIECE = 1 << 16


class Hub(ThreadingHTTPServer):
    """What the hub does, and what may go wrong with it.

    Attributes:
        content: What it sends.
        cut_after: Bytes of the next answers after which the connection breaks, one entry per answer.
        ranges: Whether it can send a part of a file.
        status: What it answers instead of sending, if anything.
        asked: The Range header of each request.
    """

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Answer)
        self.content = CONTENT
        self.cut_after: list[int] = []
        self.ranges = True
        self.status = 0
        self.asked: list[str | None] = []
        self.headers: list[dict[str, str]] = []

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.server_port}"


class Answer(BaseHTTPRequestHandler):
    server: Hub

    def do_GET(self) -> None:
        hub = self.server
        hub.asked.append(self.headers["Range"])
        hub.headers.append({key.lower(): value for key, value in self.headers.items()})
        if hub.status or self.path != f"/{SOURCE.repo}/resolve/{SOURCE.revision}/{SOURCE.file.name}":
            self.send_error(hub.status or 404)
            return
        start = int(self.headers["Range"].removeprefix("bytes=").removesuffix("-")) if self.headers["Range"] else 0
        if start and hub.ranges:
            self.send_response(206)
            self.send_header("Content-Range", f"bytes {start}-{len(hub.content) - 1}/{len(hub.content)}")
        else:
            start = 0
            self.send_response(200)
        self.send_header("Content-Length", str(len(hub.content) - start))
        self.send_header("X-Repo-Commit", SOURCE.revision)
        self.send_header("ETag", f'"{SOURCE.file.sha256}"')
        self.end_headers()
        stop = hub.cut_after.pop(0) if hub.cut_after else len(hub.content)
        self.wfile.write(hub.content[start : start + stop])

    def log_message(self, *_: object) -> None:
        pass


SOURCE = HubFile(
    "openai/clip-in-a-test",
    "a" * 40,
    FileRecord("model.safetensors", hashlib.sha256(CONTENT).hexdigest(), len(CONTENT), "this test", "MIT"),
)


@pytest.fixture
def hub(empty_machine: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Hub]:
    monkeypatch.setattr(constants, "DOWNLOAD_CHUNK_SIZE", PIECE)
    # The hub's library waits a second between the tries of one download.
    monkeypatch.setattr(file_download, "time", SimpleNamespace(sleep=lambda _: None))
    server = Hub()
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    yield server
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture
def folder(empty_machine: Path) -> Path:
    return empty_machine / "hub" / "models--openai--clip-in-a-test"


def left(folder: Path) -> list[str]:
    """Files of the cache that hold something; locks are empty."""
    return sorted(p.name for p in folder.rglob("*") if p.is_file() and p.stat().st_size)


def test_the_file_arrives_whole_where_it_is_looked_for(hub: Hub, folder: Path) -> None:
    told: list[tuple[int, int]] = []
    path = fetch_clip(lambda done, total: told.append((done, total)), source=SOURCE, endpoint=hub.address)
    assert path == folder / "snapshots" / SOURCE.revision / "model.safetensors"
    assert path.read_bytes() == CONTENT
    assert left(folder) == ["model.safetensors"]
    assert told == [(PIECE * i, len(CONTENT)) for i in range(1, 17)]
    assert find_clip(path.parent) == WeightsFile(path, "the given path")
    assert "authorization" not in hub.headers[0]  # a mirror is not shown the user's token


def test_a_bar_is_drawn_where_nobody_is_told(
    hub: Hub, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TQDM_POSITION", "-1")  # the hub's library draws also where there is no terminal
    fetch_clip(source=SOURCE, endpoint=hub.address)
    drawn = capsys.readouterr().err
    assert "model.safetensors" in drawn
    assert "100%" in drawn


def test_the_hubs_own_library_finds_the_file(hub: Hub) -> None:
    from huggingface_hub import hf_hub_download

    path = fetch_clip(source=SOURCE, endpoint=hub.address)
    found = hf_hub_download(SOURCE.repo, SOURCE.file.name, revision=SOURCE.revision, local_files_only=True)
    assert Path(found) == path


def test_what_is_there_is_not_fetched_again(hub: Hub) -> None:
    path = fetch_clip(source=SOURCE, endpoint=hub.address)
    assert fetch_clip(source=SOURCE, endpoint=hub.address) == path
    assert len(hub.asked) == 1


def test_a_damaged_file_is_fetched_again(hub: Hub) -> None:
    path = fetch_clip(source=SOURCE, endpoint=hub.address)
    path.write_bytes(CONTENT[:-1])
    assert fetch_clip(source=SOURCE, endpoint=hub.address).read_bytes() == CONTENT


def test_a_connection_that_breaks_is_taken_up_again_at_once(hub: Hub) -> None:
    hub.cut_after = [300_000, 200_000]
    assert fetch_clip(source=SOURCE, endpoint=hub.address).read_bytes() == CONTENT
    starts = [int(asked.removeprefix("bytes=").removesuffix("-")) if asked else 0 for asked in hub.asked]
    assert len(starts) == 3
    assert 0 == starts[0] < starts[1] < starts[2]


def test_a_download_that_failed_goes_on_where_it_stopped(hub: Hub, folder: Path) -> None:
    hub.cut_after = [300_000] + [0] * 6
    with pytest.raises(WeightsError, match=r"could not be fetched from openai.*what has arrived is kept.*try again"):
        fetch_clip(source=SOURCE, endpoint=hub.address)
    assert left(folder) == [f"{SOURCE.file.sha256}.incomplete"]
    hub.asked.clear()
    hub.cut_after.clear()
    told: list[int] = []
    fetch_clip(lambda done, _: told.append(done), source=SOURCE, endpoint=hub.address)
    (asked,) = hub.asked
    assert asked is not None
    assert int(asked.removeprefix("bytes=").removesuffix("-")) >= 200_000
    assert told[0] > 200_000
    assert told[-1] == len(CONTENT)
    assert left(folder) == ["model.safetensors"]


def test_a_user_who_stops_can_go_on_later(hub: Hub, folder: Path) -> None:
    class StoppedError(Exception):
        pass

    def stop(done: int, total: int) -> None:
        if done > total / 2:
            raise StoppedError

    with pytest.raises(StoppedError):
        fetch_clip(stop, source=SOURCE, endpoint=hub.address)
    assert left(folder) == [f"{SOURCE.file.sha256}.incomplete"]
    assert fetch_clip(source=SOURCE, endpoint=hub.address).read_bytes() == CONTENT
    assert hub.asked == [None, f"bytes={len(CONTENT) // 2}-"]


def test_a_mirror_that_cannot_send_parts_sends_all_again(hub: Hub, folder: Path) -> None:
    part = folder / "blobs" / f"{SOURCE.file.sha256}.incomplete"
    part.parent.mkdir(parents=True)
    part.write_bytes(CONTENT[:500_000])
    hub.ranges = False
    assert fetch_clip(source=SOURCE, endpoint=hub.address).read_bytes() == CONTENT


def test_a_download_killed_just_before_the_end_needs_no_network(hub: Hub, folder: Path) -> None:
    part = folder / "blobs" / f"{SOURCE.file.sha256}.incomplete"
    part.parent.mkdir(parents=True)
    part.write_bytes(CONTENT)
    assert fetch_clip(source=SOURCE, endpoint=hub.address).read_bytes() == CONTENT
    assert not hub.asked


@pytest.mark.parametrize("content", [CONTENT[::-1], CONTENT[:-7], CONTENT + b"more", b"<html>sign in</html>", b""])
def test_wrong_content_is_an_error_and_leaves_nothing(content: bytes, hub: Hub, folder: Path) -> None:
    hub.content = content
    with pytest.raises(WeightsError, match=r"is not the released file \(sha256 .*it was deleted.*the mirror alters"):
        fetch_clip(source=SOURCE, endpoint=hub.address)
    assert left(folder) == []
    hub.content = CONTENT
    assert fetch_clip(source=SOURCE, endpoint=hub.address).read_bytes() == CONTENT


@pytest.mark.parametrize("status", [401, 403, 404, 500, 503])
def test_a_hub_that_refuses_is_an_error_with_the_ways_out(status: int, hub: Hub, folder: Path) -> None:
    hub.status = status
    with pytest.raises(WeightsError, match=rf"\(.*{status}.*copy model\.safetensors from another machine.*`embedded`"):
        fetch_clip(source=SOURCE, endpoint=hub.address)
    assert left(folder) == []


def test_without_a_network_the_error_gives_the_ways_out(hub: Hub, folder: Path) -> None:
    address = hub.address
    hub.server_close()  # nobody listens at the address any more
    with pytest.raises(
        WeightsError, match=r"could not be fetched.*set GEOCLIP_CLIP to it, or use the model `embedded`"
    ):
        fetch_clip(source=SOURCE, endpoint=address)
    assert left(folder) == []


def test_offline_mode_is_respected(hub: Hub, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", True)
    with pytest.raises(WeightsError, match="offline mode is enabled"):
        fetch_clip(source=SOURCE, endpoint=hub.address)
    assert not hub.asked


def test_a_cache_that_cannot_be_written_is_the_right_error(hub: Hub, folder: Path) -> None:
    # A file where the folder should be: root, which may run these tests, can write into any folder.
    folder.parent.mkdir()
    folder.write_bytes(b"x")
    with pytest.raises(CacheError, match=r"cache folder .*clip-in-a-test cannot be written.*make room.*set HF_HOME"):
        fetch_clip(source=SOURCE, endpoint=hub.address)
    assert not hub.asked
    assert folder.read_bytes() == b"x"


def test_a_full_disk_is_the_right_error_and_can_be_resumed(hub: Hub, folder: Path) -> None:
    resource = pytest.importorskip("resource", reason="this system cannot limit the size of files")
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (500_000, hard))
    try:
        with pytest.raises(CacheError, match=r"cannot be written \(File too large\).*make room for"):
            fetch_clip(source=SOURCE, endpoint=hub.address)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert left(folder) == [f"{SOURCE.file.sha256}.incomplete"]
    assert fetch_clip(source=SOURCE, endpoint=hub.address).read_bytes() == CONTENT


def test_two_processes_do_not_fetch_the_same_file(hub: Hub, folder: Path) -> None:
    (folder / "blobs").mkdir(parents=True)
    with (
        FileLock(folder / "blobs" / f"{SOURCE.file.sha256}.incomplete.lock"),
        pytest.raises(CacheError, match=r"Another process is fetching model\.safetensors already"),
    ):
        fetch_clip(source=SOURCE, endpoint=hub.address)
    assert not hub.asked
