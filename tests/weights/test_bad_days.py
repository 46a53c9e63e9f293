"""Weights on a bad day: the process is killed, two ask at once, the disk is full or nothing can be written."""

from __future__ import annotations

import hashlib
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from geoclip_core import files
from geoclip_core.weights import digests
from geoclip_core.weights.registry import FileRecord, HubFile
from geoclip_core.weights.resolve import fetch_clip

CONTENT = bytes(range(256)) * 4096  # 1 MiB
FIRST = 600_000
SOURCE = HubFile(
    "openai/clip-in-a-test",
    "b" * 40,
    FileRecord("model.safetensors", hashlib.sha256(CONTENT).hexdigest(), len(CONTENT), "this test", "MIT"),
)
FETCH = """
import sys
from huggingface_hub import constants
constants.HF_HUB_CACHE, constants.DOWNLOAD_CHUNK_SIZE = sys.argv[1], 1 << 16
from geoclip_core.errors import CacheError
from geoclip_core.weights.resolve import fetch_clip
from tests.weights.test_bad_days import SOURCE
try:
    print(fetch_clip(lambda *_: None, source=SOURCE, endpoint=sys.argv[2]))
except CacheError as error:
    print(error)
"""


class SlowHub(ThreadingHTTPServer):
    """A hub that stops in the middle of a file until it is told to go on.

    Attributes:
        asked: Where each request begins.
        go_on: Set where the rest may be sent.
    """

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), SlowAnswer)
        self.asked: list[int] = []
        self.go_on = threading.Event()

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.server_port}"


class SlowAnswer(BaseHTTPRequestHandler):
    server: SlowHub

    def do_GET(self) -> None:
        given = self.headers["Range"]
        start = int(given.removeprefix("bytes=").removesuffix("-")) if given else 0
        self.server.asked.append(start)
        self.send_response(206 if start else 200)
        self.send_header("Content-Range", f"bytes {start}-{len(CONTENT) - 1}/{len(CONTENT)}")
        self.send_header("Content-Length", str(len(CONTENT) - start))
        self.end_headers()
        try:
            self.wfile.write(CONTENT[start:FIRST])
            self.wfile.flush()
            self.server.go_on.wait(300)
            self.wfile.write(CONTENT[max(start, FIRST) :])
        except OSError:
            pass  # the process that asked is dead

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def hub(empty_machine: Path) -> Iterator[SlowHub]:
    server = SlowHub()
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    yield server
    server.go_on.set()
    server.shutdown()
    thread.join()
    server.server_close()


def fetching(hub: SlowHub, machine: Path) -> subprocess.Popen[str]:
    """A process of its own that fetches."""
    environment = os.environ | {"PYTHONPATH": os.pathsep.join([str(Path(__file__).parents[2]), *sys.path])}
    command = [sys.executable, "-c", FETCH, str(machine / "hub"), hub.address]
    return subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, text=True)


def arrived(machine: Path) -> int:
    """Bytes of the file that are on disk."""
    return sum(part.stat().st_size for part in machine.rglob("*.incomplete"))


@pytest.mark.slow
def test_a_fetch_that_is_killed_goes_on_and_two_at_once_are_one(hub: SlowHub, empty_machine: Path) -> None:
    killed = fetching(hub, empty_machine)
    while arrived(empty_machine) < FIRST // 2:
        assert killed.poll() is None
        time.sleep(0.02)
    killed.send_signal(signal.SIGKILL)
    killed.communicate()
    kept = arrived(empty_machine)
    assert kept >= FIRST // 2
    several = [fetching(hub, empty_machine) for _ in range(2)]
    while not any(process.poll() is not None for process in several):  # the second one does not wait for the first
        time.sleep(0.02)
    hub.go_on.set()
    told = sorted(process.communicate(timeout=300)[0].strip() for process in several)
    assert told[0].endswith("model.safetensors")
    assert told[1].startswith("Another process is fetching model.safetensors already")
    assert hub.asked[1] >= kept - (1 << 16)  # from where it was killed on
    assert len(hub.asked) == 2
    path = fetch_clip(source=SOURCE, endpoint=hub.address)
    assert path.read_bytes() == CONTENT
    assert len(hub.asked) == 2


def test_a_digest_that_cannot_be_kept_is_told_all_the_same(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / "weights.bin"
    file.write_bytes(b"weights")
    # A file where the folder should be: root, which may run these tests, can write into any folder.
    (tmp_path / "cache").write_text("")
    monkeypatch.setenv("GEOCLIP_CACHE", str(tmp_path / "cache"))
    assert digests.cached_sha256(file) == hashlib.sha256(b"weights").hexdigest()


def test_a_full_disk_leaves_the_old_file_and_nothing_beside_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "kept.json"
    files.write_json(path, {"old": 1})

    def full(self: Path, *_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Path, "replace", full)
    with pytest.raises(OSError, match="No space left on device"):
        files.write_json(path, {"new": 2})
    assert path.read_text() == '{\n  "old": 1\n}\n'
    assert [p.name for p in tmp_path.iterdir()] == ["kept.json"]


def test_a_model_answers_where_nothing_can_be_kept(
    tmp_path: Path, small_clip: object, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A read-only home: the vectors of the gallery are made again at every start, with a warning."""
    from geoclip_core.locate.load import load_locator
    from tests.locate.clip_model import write_clip_model

    (tmp_path / "cache").write_text("")
    monkeypatch.setenv("GEOCLIP_CACHE", str(tmp_path / "cache"))
    folder = write_clip_model(tmp_path / "meadow", small_clip)  # type: ignore[arg-type]
    with pytest.warns(UserWarning, match="Cannot keep gallery-.*GEOCLIP_CACHE to a folder that can be written"):
        locator = load_locator(str(folder))
    assert locator.gallery.vectors.shape == (400, 16)
