"""The page without a browser: what it says, and what it does at each step of a visit."""

from __future__ import annotations

import re
import socket
import threading
from collections.abc import Callable
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest
from streamlit.testing.v1 import AppTest

from geoclip_core.evaluation.metrics import error_km, geoguessr_score
from geoclip_core.locate.wording import distance
from geoclip_core.maps.folium_map import WORLD
from geoclip_core.page.map import map_files
from geoclip_core.page.panels import full_model_download
from geoclip_core.page.state import models
from geoclip_core.photo.limits import MAX_UPLOAD_MB
from tests.page.steps import ask, drawn, map_args, opened, picture, read, said, upload


def test_the_first_page_asks_promises_and_warns(page: AppTest) -> None:
    assert not page.exception
    assert page.title[0].value == "GeoCLIP"
    assert "Photos stay on this machine" in said(page)
    assert "not calibrated" in said(page)
    assert "find or follow people" in said(page)
    assert drawn(page)["heat"] is None
    assert map_args(page)["returned_objects"] == []  # so that panning reruns nothing


def test_a_text_gets_places_links_heat_outlines_and_evidence(page: AppTest) -> None:
    ask(page, "Burj Khalifa")
    assert "Burj Khalifa" in page.button(key="place 0").label
    assert "🇦🇪" in page.button(key="place 0").label
    words = said(page)
    assert "https://www.google.com/maps/search/?api=1&query=25.197" in words
    assert "https://www.openstreetmap.org/?mlat=25.197" in words
    assert "half of it within" in words
    assert "The first place holds" in words
    assert "What the answer rests on" in words
    data = drawn(page)
    assert data["heat"]["url"].startswith("data:image/png;base64,")
    assert [pin["sign"] for pin in data["pins"]][:1] == ["1"]
    assert next(words for _, words in data["legend"]["lines"]).startswith("50 % in")
    assert data["legend"]["unit"] == "probability per km²"
    assert len(data["outlines"]) == 2


@pytest.mark.slow
def test_the_sample_gallery_asks_with_its_photo_alone(page: AppTest) -> None:
    ask(page, "Paris")
    page.button(key="sample lake_victoria.jpg").click().run()
    assert not page.exception
    assert page.text_input(key="text").value == ""
    (seen,) = page.session_state["outcome"].photos
    assert max(seen.thumbnail.size) <= 480
    assert "Lake Victoria" in said(page)
    page.button(key="remove sample").click().run()
    assert "Where on Earth is this?" in [heading.value for heading in page.subheader]


def test_choosing_a_place_shows_its_surroundings_and_the_way_back(page: AppTest) -> None:
    ask(page, "Pyramids of Giza")
    world = map_args(page)
    page.button(key="place 0").click().run()
    assert not page.exception
    assert map_args(page)["script"] == world["script"]  # the map itself stays; only the answer's layer is new
    city = drawn(page)
    assert city["close"]
    assert "Cairo" in [name for name, *_ in city["near"]["towns"]]
    assert "Pyramids" in page.button(key="step 1").label
    next(button for button in page.button if button.label == "Closer: 5 km").click().run()
    assert page.button(key="step 2").label == "5 km"
    (south, _), (north, _) = drawn(page)["view"]
    assert north - south == pytest.approx(5 / 111.195, rel=0.01)
    page.button(key="step 1").click().run()
    assert drawn(page)["view"] == city["view"]
    page.button(key="step 0").click().run()
    assert not drawn(page)["close"]


def test_a_view_is_computed_once(page: AppTest, monkeypatch: pytest.MonkeyPatch) -> None:
    ask(page, "Pyramids of Giza")
    page.button(key="step 0").click().run()
    page.button(key="place 0").click().run()
    locator = models.loading(models.AUTO).result().locator
    computed: list[object] = []
    monkeypatch.setattr(locator, "locate", lambda *_, **__: computed.append(1))
    monkeypatch.setattr(locator, "field", lambda *_, **__: computed.append(1))
    page.button(key="step 0").click().run()
    page.button(key="place 0").click().run()
    assert not page.exception
    assert computed == []


def test_a_known_position_gets_an_error_a_line_and_a_score(page: AppTest) -> None:
    ask(page, "Pyramids of Giza")
    page.text_input(key="known").set_value("29.977, 31.133").run()
    assert [metric.label for metric in page.metric] == ["Off by", "GeoGuessr score"]
    page.text_input(key="known").set_value("40.6892, -74.0445").run()
    off, score = page.metric
    first = page.session_state["outcome"].answer.candidates[0].latlon
    km = float(error_km([first], [(40.6892, -74.0445)])[0])
    assert km == pytest.approx(9024, abs=5)
    assert off.value == distance(km)
    assert score.value == f"{geoguessr_score([km])[0]:.0f} of 5,000"
    data = drawn(page)
    assert data["track"]["label"] == distance(km)
    assert data["track"]["latlons"][0][0] == pytest.approx([29.977, 31.133], abs=0.01)
    assert data["track"]["latlons"][-1][-1] == [40.6892, -74.0445]
    assert [pin["kind"] for pin in data["pins"]].count("known") == 1
    page.text_input(key="known").set_value("somewhere").run()
    assert "is not a position" in read(said(page))
    page.text_input(key="known").set_value("95, 0").run()
    assert page.error
    assert drawn(page)["track"] is None


def test_the_map_opens_on_what_holds_the_answer_with_one_click_to_the_world(page: AppTest) -> None:
    ask(page, "Pyramids of Giza")
    (south, west), (north, east) = drawn(page)["view"]
    assert south < 29.98 < north < south + 1
    assert west < 31.13 < east < west + 1
    page.button(key="step 0").click().run()
    assert drawn(page)["view"] == [list(corner) for corner in WORLD]
    ask(page, "Paris")  # several: all that hold 90 % are in the view
    (south, west), (north, east) = drawn(page)["view"]
    for candidate in page.session_state["outcome"].answer.holding():
        assert south < candidate.latlon[0] < north
        assert (candidate.latlon[1] - west) % 360 < east - west
    ask(page, "Desert")  # its places together hold less
    assert drawn(page)["view"] == [list(corner) for corner in WORLD]


def test_the_address_holds_question_and_view_and_gives_them_back(page: AppTest) -> None:
    ask(page, "Pyramids of Giza")
    assert page.query_params == {"q": "Pyramids of Giza"}
    page.button(key="step 0").click().run()
    world = dict(page.query_params)
    assert world == {"q": "Pyramids of Giza", "view": "world"}
    next(button for button in page.button if button.label.startswith("**1**")).click().run()
    next(button for button in page.button if button.label == "Closer: 5 km").click().run()
    street, closest = dict(page.query_params), drawn(page)["view"]
    reloaded = opened()
    for name, value in street.items():
        reloaded.query_params[name] = value
    reloaded.run()
    assert drawn(reloaded)["view"] == [pytest.approx(corner, abs=1e-4) for corner in closest]
    page.query_params["view"] = "world"  # the browser goes back
    page.run()
    assert drawn(page)["view"] == [list(corner) for corner in WORLD]
    page.query_params.clear()
    page.run()
    assert page.text_input(key="text").value == ""


def test_nothing_found_offers_the_nearest_readings_as_buttons(page: AppTest) -> None:
    ask(page, "Zurrichh")
    assert "says nothing about a place" in page.info[0].value
    page.button(key="read Zürich, Canton of Zürich, Switzerland").click().run()
    assert not page.exception
    assert page.text_input(key="text").value == "Zürich, Canton of Zürich, Switzerland"
    assert "Zürich" in page.button(key="place 0").label


@pytest.mark.slow
def test_a_link_asks_the_same_question(page: AppTest) -> None:
    ask(page, "Paris")
    page.multiselect(key="regions").set_value(["US", "CA"]).run()
    (found,) = re.findall(r"\]\((\S*\?q=\S*)\)", said(page))
    asked = parse_qs(urlsplit(found).query)
    assert asked == {"q": ["Paris"], "region": ["US,CA"]}
    other = opened()
    for name, (value,) in asked.items():
        other.query_params[name] = value
    other.run()
    assert not other.exception
    assert other.multiselect(key="regions").value == ["US", "CA"]
    assert other.button(key="place 0").label == page.button(key="place 0").label


def test_a_link_never_holds_a_photo(page: AppTest, located_photo: bytes) -> None:
    upload(page, located_photo)
    assert "a link to keep" not in said(page)


def test_tiles_are_used_where_their_server_answers(page: AppTest, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GEOCLIP_LIGHT_TILES", "off")
    with socket.create_server(("127.0.0.1", 0)) as server:
        monkeypatch.setenv("GEOCLIP_TILES", f"http://127.0.0.1:{server.getsockname()[1]}/{{z}}/{{x}}/{{y}}.png")
        map_files.tiles_now.clear()
        page.run()
    assert "L.tileLayer" in map_args(page)["script"]
    assert "openstreetmap.org/copyright" in map_args(page)["script"]
    assert "countries.geojson" not in map_args(page)["script"]
    assert "tile server" in said(page)


def test_the_public_page_limits_uploads_and_offers_no_download(
    page: AppTest, monkeypatch: pytest.MonkeyPatch, grey_photo: bytes
) -> None:
    assert page.file_uploader[0].proto.max_upload_size_mb == MAX_UPLOAD_MB
    monkeypatch.setattr("sys.argv", ["app.py", "--demo"])
    page.run()
    assert page.file_uploader[0].proto.max_upload_size_mb == 8
    upload(page, *[grey_photo] * 4)
    assert len(page.session_state["outcome"].photos) == 3
    assert "first 3 of 4 photos" in said(page)
    assert not any("full model" in button.label for button in page.button)


def test_a_download_shows_its_progress_and_can_be_stopped(page: AppTest, monkeypatch: pytest.MonkeyPatch) -> None:
    told = threading.Event()

    def endless(progress: Callable[[int, int], None]) -> Path:
        while True:
            progress(850_000_000, 1_700_000_000)
            told.set()
            threading.Event().wait(0.01)

    monkeypatch.setattr(full_model_download, "fetch_clip", endless)
    page.button(key="offer in the model's panel").click().run()
    assert "huggingface.co" in said(page)
    assert not told.is_set()  # not before the answer to "really?"
    page.button(key="offer in the model's panel: yes").click().run()
    assert told.wait(10)
    page.run()
    assert "0.85 of 1.70 GB" in page.get("progress")[0].proto.text
    (job,) = full_model_download.downloads()
    next(button for button in page.button if button.label == "Stop").click().run()
    assert job.wait(10)
    page.run()
    assert "was stopped" in page.info[0].value
    assert not page.get("progress")


@pytest.mark.slow
def test_a_region_restricts_the_answer_and_says_what_it_held(page: AppTest) -> None:
    ask(page, "Paris")
    page.multiselect(key="regions").set_value(["US"]).run()
    assert not page.exception
    assert "Texas" in page.button(key="place 0").label
    assert re.search(r"Restricted to United States: before, \*\*[\d.]+ %\*\*", said(page))
    page.multiselect(key="regions").set_value(["Asia", "FR"]).run()
    assert "Paris" in page.button(key="place 0").label
    # The share that the words had there before: Paris, Texas held some of it.
    assert re.search(r"before, \*\*(> )?[5-9]\d(\.\d+)? %\*\*", said(page))


@pytest.mark.slow
def test_a_circle_is_drawn_and_takes_a_new_radius(page: AppTest) -> None:
    page.multiselect(key="regions").set_value(["23,5,500"]).run()
    ask(page, "Desert")
    data = drawn(page)
    (ring,) = data["region"]["coordinates"]
    assert len(ring) > 36
    assert data["close"]  # the map turns to it
    page.number_input(key="radius").set_value(900).run()
    assert page.multiselect(key="regions").value == ["23,5,900"]


@pytest.mark.slow
def test_text_and_photo_are_weighed_against_each_other(page: AppTest, located_photo: bytes) -> None:
    ask(page, "Paris, France")
    assert not page.slider
    upload(page, located_photo)
    page.slider(key="weight").set_value(1.0).run()
    assert "Paris" in page.button(key="place 0").label
    page.slider(key="weight").set_value(0.0).run()
    assert "Sydney" in page.button(key="place 0").label


def test_several_photos_of_one_place_are_one_question(page: AppTest, located_photo: bytes, grey_photo: bytes) -> None:
    upload(page, located_photo, grey_photo)
    assert not page.exception
    assert "Sydney" in page.button(key="place 0").label
    assert len(page.session_state["outcome"].photos) == 2
    assert "Nothing about place, time or camera" in said(page)


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
    assert drawn(page)["heat"] is None


def test_an_odd_file_gets_a_clear_message(page: AppTest) -> None:
    upload(page, picture(kind="PNG", size=(400, 300))[:60])
    assert not page.exception
    assert "damaged or cut short" in read(page.error[0].value)


def test_a_photo_without_pixels_is_answered_from_its_file(page: AppTest, located_photo: bytes) -> None:
    upload(page, located_photo.replace(b"\xff\xdb", b"\xff\xd9"))
    assert not page.exception
    assert "Its pixels cannot be read" in said(page)
    assert any("Opera House" in button.label for button in page.button)


def test_an_odd_text_gets_a_clear_message_and_is_shown_as_it_is(page: AppTest) -> None:
    text = "<img src=x onerror=alert(1)> **no** :red[no] qqxzv"
    page.text_input(key="text").set_value(text).run()
    assert not page.exception
    shown = said(page)
    assert "no place recognised" in read(shown).lower()
    assert "<img" not in shown
    assert "**no**" not in shown
