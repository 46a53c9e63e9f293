"""Starting the page from the command line; the browser's tests start it for good."""

from __future__ import annotations

import socket
import subprocess
import sys
import tomllib
from pathlib import Path
from typing import Any

import pytest
import streamlit as st

from geoclip_core.errors import GeoclipError, MissingDependencyError, QueryError
from geoclip_core.page import launch
from geoclip_core.photo.limits import MAX_UPLOAD_MB
from training.benchmarks.page import free_port

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def started(monkeypatch: pytest.MonkeyPatch) -> list[dict[str, Any]]:
    """Settings of every start; nothing is served."""
    starts: list[dict[str, Any]] = []
    monkeypatch.setattr(st.App, "run", lambda _, config: starts.append({"argv": sys.argv, **config}))
    monkeypatch.setattr(sys, "argv", ["geoclip_core", "app"])
    return starts


def test_without_options_streamlit_chooses_the_port_and_the_settings_file_the_rest(started) -> None:
    launch.run()
    assert started == [{"argv": [str(launch.SCRIPT)]}]


def test_options_reach_streamlit_and_the_page(started) -> None:
    port = free_port()
    launch.run(["--port", str(port), "--address", "127.0.0.1", "--headless", "--demo"])
    assert started == [
        {
            "argv": [str(launch.SCRIPT), "--demo"],
            "server.port": port,
            "server.address": "127.0.0.1",
            "server.headless": True,
        }
    ]


def test_a_taken_port_is_told_in_one_sentence(started) -> None:
    with socket.create_server(("localhost", 0)) as server:
        port = server.getsockname()[1]
        with pytest.raises(
            GeoclipError, match=rf"port {port} of localhost: another program listens there\. Try: another"
        ):
            launch.run(["--port", str(port)])
    assert started == []


def test_what_is_no_port_and_no_option_is_wrong_usage(started, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(QueryError, match="The port is 70000"):
        launch.run(["--port", "70000"])
    with pytest.raises(SystemExit) as left:
        launch.run(["--sideways"])
    assert left.value.code == 2
    assert "--headless" in capsys.readouterr().err
    assert started == []


def test_without_streamlit_the_way_to_it_is_told(started, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(launch, "find_spec", lambda name: None if name == "streamlit" else object())
    with pytest.raises(MissingDependencyError, match=r'needs streamlit, .*pip install "geoclip-core\[app\]"'):
        launch.run()


def test_both_ways_to_start_the_page_have_the_same_settings() -> None:
    ours, packaged = (folder / ".streamlit" / "config.toml" for folder in (ROOT, launch.SCRIPT.parent))
    assert ours.read_text(encoding="utf-8") == packaged.read_text(encoding="utf-8")
    server = tomllib.loads(packaged.read_text(encoding="utf-8"))["server"]
    assert server["address"] == "localhost"
    assert server["maxUploadSize"] == MAX_UPLOAD_MB


def test_app_py_is_found_by_streamlit_as_an_application() -> None:
    from streamlit.web.server.app_discovery import discover_asgi_app

    assert discover_asgi_app(ROOT / "app.py").import_string == "app:app"


@pytest.mark.slow
def test_the_first_sight_of_the_page_does_not_wait_for_torch() -> None:
    code = "import sys, geoclip_core.page.page; print(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=ROOT)
    loaded = done.stdout.split()
    assert "streamlit" in loaded
    assert not {"torch", "scipy", "geopandas", "rasterio"} & {*loaded}
