"""The service as a process of its own: slow clients, signals, and what it writes."""

from __future__ import annotations

import json
import os
import select
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from http.client import HTTPResponse
from pathlib import Path

import httpx
import pytest

pytestmark = pytest.mark.slow

# A model that takes as long as the text says, so that nothing has to be loaded.
SCRIPT = """
import sys, time
from geoclip_core.errors import NoEvidenceError
from geoclip_core.serve.http import server
from geoclip_core.serve.http.settings import ServiceSettings

class Model:
    name, reason, sources, shown = "slow", "", (), ()
    def locate(self, *_, **question):
        text = (_[1] if len(_) > 1 else None) or question.get("text") or "0"
        if text == "fault":
            raise RuntimeError("SECRET 48.85, 2.29")
        if text.replace(".", "").isdigit():
            time.sleep(float(text))
        raise NoEvidenceError("No place in " + text)

limits = ServiceSettings(workers=2, queue=2, idle_seconds=1, upload_seconds=3, stop_seconds=2, uploads=20)
server.run(Model(), "127.0.0.1", int(sys.argv[1]), limits)
"""


class Service:
    def __init__(self, folder: Path) -> None:
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = probe.getsockname()[1]
        self.log = folder / "log.txt"
        self.connections: list[socket.socket] = []
        with self.log.open("wb") as log:
            self.process = subprocess.Popen(
                [sys.executable, "-c", SCRIPT, str(self.port)], stdout=log, stderr=log, env=os.environ
            )
        self.url = f"http://127.0.0.1:{self.port}"
        for _ in range(600):
            try:
                httpx.get(f"{self.url}/health", timeout=5)
                return
            except httpx.TransportError:
                time.sleep(0.1)
        raise AssertionError(self.log.read_text())

    def ask(self, text: str) -> httpx.Response:
        return httpx.post(f"{self.url}/v1/locate", data={"text": text}, timeout=30)

    def open(self, beginning: bytes) -> socket.socket:
        connection = socket.create_connection(("127.0.0.1", self.port), timeout=10)
        connection.sendall(beginning)
        self.connections.append(connection)
        return connection

    def close(self) -> None:
        for connection in self.connections:
            connection.close()
        self.process.kill()
        self.process.wait()


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    made = Service(tmp_path_factory.mktemp("service"))
    yield made
    made.close()


HEAD = b"POST /v1/locate HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: multipart/form-data; boundary=x\r\n"


def test_heads_that_never_end_and_silent_connections_are_closed(service: Service) -> None:
    for beginning in (b"", b"POST /v1/locate HT", HEAD):
        connection = service.open(beginning)
        assert connection.recv(100) == b""


def test_uploads_that_stop_are_given_up(service: Service) -> None:
    halves = [service.open(HEAD + b"Content-Length: 1000\r\n\r\n--x\r\n") for _ in range(60)]
    assert httpx.get(f"{service.url}/health", timeout=5).status_code == 200
    replies = [half.recv(2000).split(b" ", 2)[1] for half in halves]
    assert set(replies) == {b"408", b"429"}
    assert replies.count(b"408") <= 20
    assert service.ask("0").status_code == 404


def test_an_upload_that_trickles_ends_as_well(service: Service) -> None:
    field = b'--x\r\nContent-Disposition: form-data; name="text"\r\n\r\n'
    connection = service.open(HEAD + b"Content-Length: 1000\r\n\r\n" + field)
    for _ in range(40):
        connection.sendall(b"-")
        if select.select([connection], [], [], 0.2)[0]:
            break
    reply = HTTPResponse(connection)  # head and body may come in pieces
    reply.begin()
    assert reply.status == 408
    assert "problem" in json.load(reply)


def test_two_hosts_and_none_are_refused(service: Service) -> None:
    for hosts in (b"", b"Host: 127.0.0.1\r\nHost: evil.example\r\n", b"Host: evil.example\r\n"):
        connection = service.open(b"GET /health HTTP/1.1\r\n" + hosts + b"Connection: close\r\n\r\n")
        assert connection.recv(2000).startswith(b"HTTP/1.1 400 ")


def test_nothing_of_a_question_is_logged(service: Service) -> None:
    service.ask("a SECRET place")
    assert service.ask("fault").status_code == 500
    httpx.get(f"{service.url}/SECRET?text=SECRET")
    log = service.log.read_text()
    assert "SECRET" not in log
    assert "RuntimeError in" in log


def test_at_last_a_signal_ends_a_busy_service_soon(service: Service) -> None:
    codes: list[int] = []

    def ask() -> None:
        try:
            codes.append(service.ask("60").status_code)
        except httpx.TransportError:
            codes.append(0)

    threads = [threading.Thread(target=ask) for _ in range(4)]
    for thread in threads:
        thread.start()
    while "geoclip_open_questions 4.0" not in httpx.get(f"{service.url}/metrics").text:
        time.sleep(0.05)
    service.process.send_signal(signal.SIGTERM)
    assert service.process.wait(20) in (0, -signal.SIGTERM)
    for thread in threads:
        thread.join()
    assert len(codes) == 4
