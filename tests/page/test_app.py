from __future__ import annotations

import io
import json
import socket
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from PIL import Image
from streamlit.testing.v1 import AppTest

from geoclip_core.model.place_encoder import MAX_TEXT_LENGTH
from ui import download, offline, session

ROOT = Path(__file__).resolve().parents[2]
PATIENCE_S = 300  # the first run may build the caches


@pytest.fixture
def page(monkeypatch: pytest.MonkeyPatch) -> AppTest:
    monkeypatch.setenv("GEOCLIP_TILES", "off")
    offline.tiles_now.clear()
    return AppTest.from_file(str(ROOT / "app.py"), default_timeout=PATIENCE_S).run()


def map_args(page: AppTest) -> dict[str, Any]:
    (component,) = page.get("component_instance")
    args: dict[str, Any] = json.loads(component.proto.json_args)
    return args


def said(page: AppTest) -> str:
    """Everything that the page writes, as Markdown."""
    kinds = ("markdown", "caption", "subheader", "title", "info", "error", "warning", "text")
    return "\n".join(str(element.value) for kind in kinds for element in page.get(kind))


def picture(mode: str = "RGB", size: tuple[int, int] = (40, 30), kind: str = "PNG", **options: Any) -> bytes:
    stream = io.BytesIO()
    Image.new(mode, size).save(stream, format=kind, **options)
    return stream.getvalue()


def upload(page: AppTest, data: bytes, name: str = "photo.jpg") -> AppTest:
    return page.file_uploader(key="photo").upload(name, data, "image/jpeg").run()


def test_the_first_page_asks_promises_and_warns(page: AppTest) -> None:
    assert not page.exception
    assert page.title[0].value == "GeoCLIP"
    assert "Photos stay on this machine" in said(page)
    assert "not calibrated" in said(page)
    assert "find or follow people" in said(page)
    args = map_args(page)
    assert "imageOverlay" not in args["feature_group"]
    assert args["returned_objects"] == ["last_object_clicked", "last_object_clicked_count"]


def test_a_text_gets_places_links_heat_and_evidence(page: AppTest) -> None:
    page.text_input(key="text").set_value("Burj Khalifa").run()
    assert not page.exception
    assert "Burj Khalifa" in page.button(key="place 0").label
    words = said(page)
    assert "https://www.google.com/maps/search/?api=1&query=25.197" in words
    assert "https://www.openstreetmap.org/?mlat=25.197" in words
    assert "%**" in words
    assert "What the answer rests on" in words
    assert "embedded" in words
    args = map_args(page)
    assert "imageOverlay" in args["feature_group"]
    assert "data:image/png;base64," in args["feature_group"]
    assert args["feature_group"].count("L.marker(") >= 1


def test_examples_ask_at_once(page: AppTest) -> None:
    page.button(key="try Burj Khalifa").click().run()
    assert page.text_input(key="text").value == "Burj Khalifa"
    assert "Burj Khalifa" in page.button(key="place 0").label


def test_choosing_a_place_shows_its_surroundings_and_the_way_back(page: AppTest) -> None:
    page.text_input(key="text").set_value("Pyramids of Giza").run()
    world = map_args(page)
    page.button(key="place 0").click().run()
    assert not page.exception
    city = map_args(page)
    assert city["script"] == world["script"]  # the map itself stays; only the answer's layer is new
    assert "L.rectangle" in city["feature_group"]
    assert "Cairo" in city["feature_group"]
    assert "50 km around" in said(page)
    back = next(button for button in page.button if button.label == "World")
    back.click().run()
    assert "L.rectangle" not in map_args(page)["feature_group"]


def test_the_answer_is_not_computed_again_when_only_the_view_changes(
    page: AppTest, monkeypatch: pytest.MonkeyPatch
) -> None:
    page.text_input(key="text").set_value("Pyramids of Giza").run()
    locator = session.loading().result().locator
    asked: list[object] = []
    monkeypatch.setattr(locator, "locate", lambda *_, **__: asked.append(1))
    page.button(key="place 0").click().run()
    assert not page.exception
    assert asked == []


def test_tiles_are_used_where_their_server_answers(page: AppTest, monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        monkeypatch.setenv("GEOCLIP_TILES", f"http://127.0.0.1:{server.getsockname()[1]}/{{z}}/{{x}}/{{y}}.png")
        offline.tiles_now.clear()
        page.run()
    assert "L.tileLayer" in map_args(page)["script"]
    assert "OpenStreetMap" in map_args(page)["script"]
    assert "countries.geojson" not in map_args(page)["script"]
    assert "tile server" in said(page)


def test_a_download_shows_its_progress_and_can_be_stopped(page: AppTest, monkeypatch: pytest.MonkeyPatch) -> None:
    told = threading.Event()

    def endless(progress: Callable[[int, int], None]) -> Path:
        while True:
            progress(850_000_000, 1_700_000_000)
            told.set()
            threading.Event().wait(0.01)

    monkeypatch.setattr(download, "fetch_clip", endless)
    page.button(key="offer in the model's panel").click().run()
    assert "huggingface.co" in said(page)
    assert not told.is_set()  # not before the answer to "really?"
    page.button(key="offer in the model's panel: yes").click().run()
    assert told.wait(10)
    page.run()
    assert "0.85 of 1.70 GB" in page.get("progress")[0].proto.text
    (job,) = download.downloads()
    next(button for button in page.button if button.label == "Stop").click().run()
    assert job.wait(10)
    page.run()
    assert "was stopped" in page.info[0].value
    assert not page.get("progress")


def test_a_region_restricts_the_answer_and_says_what_it_held(page: AppTest) -> None:
    page.text_input(key="text").set_value("Paris").run()
    page.selectbox(key="region").set_value("US").run()
    assert not page.exception
    assert "Texas" in page.button(key="place 0").label
    assert "of the probability before" in said(page)


def test_a_photo_with_a_position_is_answered_from_it(page: AppTest, shared_data: Path) -> None:
    upload(page, (shared_data / "exif" / "photos" / "gps_DSCN0010.jpg").read_bytes())
    assert not page.exception
    words = said(page)
    assert "43.467" in words
    assert "What the photo's file says" in words
    assert "COOLPIX" in words


def test_a_photo_without_evidence_gets_no_point_and_the_way_to_the_full_model(page: AppTest, grey_photo: bytes) -> None:
    upload(page, grey_photo)
    assert not page.exception
    assert "No evidence in this photo" in page.info[0].value
    assert any("full model" in button.label for button in page.button)
    assert "imageOverlay" not in map_args(page)["feature_group"]


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda: b"", "empty"),
        (lambda: b"not a photo at all", "not an image"),
        (lambda: picture(kind="JPEG", size=(400, 300))[:900], "damaged or cut short"),
        (lambda: picture("1", (20_000, 10_000)), "178 million pixels"),
        (lambda: picture(kind="GIF", save_all=True, append_images=[Image.new("RGB", (40, 30), "red")]), "No evidence"),
        (lambda: picture("CMYK", kind="JPEG"), "No evidence"),
        (lambda: picture("I;16"), "No evidence"),
        (lambda: picture("P"), "No evidence"),
        (lambda: picture("LA", kind="WEBP"), "No evidence"),
        (lambda: picture(kind="HEIF"), "No evidence"),
    ],
    ids=["empty", "text", "truncated", "huge", "animated", "CMYK", "16-bit", "palette", "webp", "heic"],
)
def test_odd_files_get_a_clear_message(page: AppTest, make: Callable[[], bytes], words: str) -> None:
    upload(page, make())
    assert not page.exception
    assert words.lower() in said(page).lower().replace("\\", "").replace("\u2060", "")


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("   ", "the text is empty"),
        ("x" * 10_000, f"{MAX_TEXT_LENGTH:,}"),
        ("🗼🗼🗼", "no place recognised"),
        ("\x00\x07\x1b[31m", "no place recognised"),
        ("<img src=x onerror=alert(1)> **no** :red[no] qqxzv", "no place recognised"),
    ],
    ids=["blank", "long", "emoji", "control", "html"],
)
def test_odd_texts_get_a_clear_message(page: AppTest, text: str, words: str) -> None:
    page.text_input(key="text").set_value(text).run()
    assert not page.exception
    shown = said(page)
    assert words in shown.lower().replace("\\", "").replace("\u2060", "")
    assert "<img" not in shown
    assert "**no**" not in shown


def test_a_rotated_photo_is_shown_upright(page: AppTest) -> None:
    exif = Image.Exif()
    exif[0x0112] = 6  # turned by 90 degrees
    upload(page, picture(kind="JPEG", size=(40, 20), exif=exif))
    thumbnail = page.session_state["outcome"].thumbnail
    assert thumbnail.size == (20, 40)
