from __future__ import annotations

import socket
import threading

import pytest

from geoclip_core.maps.basemap import LIGHT_TILES, OSM_TILES, reachable, tile_choices, tile_layers


@pytest.fixture
def listening() -> socket.socket:
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield server


def test_a_server_that_listens_is_reachable(listening: socket.socket) -> None:
    port = listening.getsockname()[1]
    assert reachable(f"http://127.0.0.1:{port}/{{z}}/{{x}}/{{y}}.png")


def test_a_closed_port_is_not() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
    assert not reachable(f"http://127.0.0.1:{port}/")


@pytest.mark.parametrize("url", ["", "nonsense", "file:///etc/hosts", "http://", "http://x:99999/", "http://[::1/"])
def test_what_is_not_an_address_is_not_reachable(url: str) -> None:
    assert not reachable(url)


def test_a_name_lookup_that_hangs_does_not_hold_the_page(monkeypatch: pytest.MonkeyPatch) -> None:
    release = threading.Event()

    def hang(*_: object, **__: object) -> socket.socket:
        release.wait(60)
        raise OSError

    monkeypatch.setattr(socket, "create_connection", hang)
    assert not reachable("https://tiles.example/", within_s=0.05)
    assert not release.is_set()
    release.set()


def test_tiles_are_openstreetmaps_and_a_light_kind_unless_told_otherwise(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("GEOCLIP_TILES", raising=False)
    monkeypatch.delenv("GEOCLIP_LIGHT_TILES", raising=False)
    assert [kind.template for kind in tile_choices()] == [OSM_TILES, LIGHT_TILES]
    monkeypatch.setenv("GEOCLIP_TILES", "http://127.0.0.1:1/{z}/{x}/{y}.png")
    monkeypatch.setenv("GEOCLIP_LIGHT_TILES", "off")
    assert [kind.template for kind in tile_choices()] == ["http://127.0.0.1:1/{z}/{x}/{y}.png"]
    monkeypatch.setenv("GEOCLIP_TILES", "off")
    monkeypatch.delenv("GEOCLIP_LIGHT_TILES")
    assert tile_choices() == ()


def test_tiles_name_their_source() -> None:
    first, second, switch = tile_layers(tile_choices())
    assert "openstreetmap.org/copyright" in first.options["attribution"]
    assert "carto.com/attributions" in second.options["attribution"]
    assert (first.show, second.show) == (True, False)
    assert type(switch).__name__ == "LayerControl"
