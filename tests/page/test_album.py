"""The album on the page, without a browser."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from geoclip_core.files import asset_path
from geoclip_core.page.album.drawing import _corners
from geoclip_core.page.album.state import AlbumVisit
from geoclip_core.page.state.rooms import ALBUM_FILTERS
from tests.page.steps import PATIENCE_S, ask, read, said


@pytest.fixture
def folder(tmp_path: Path, located_photo: bytes, grey_photo: bytes) -> Path:
    """A photo with a position, one without, a view from above, a broken one, and what is no photo."""
    (tmp_path / "sunset.jpg").write_bytes(located_photo)
    (tmp_path / "grey.jpg").write_bytes(grey_photo)
    (tmp_path / "from above.jpg").write_bytes(asset_path("samples/lake_victoria.jpg").read_bytes())
    (tmp_path / "torn.jpg").write_bytes(b"torn")
    (tmp_path / "notes.txt").write_text("no photo")
    return tmp_path


def enter(page: AppTest) -> AppTest:
    page.session_state["room"] = "album"
    page.run()
    assert not page.exception
    return page


def press(page: AppTest, name: str) -> AppTest:
    next(button for button in page.button if button.label == name).click().run()
    assert not page.exception
    return page


def filled(page: AppTest, folder: Path) -> AlbumVisit:
    """The album of a folder, all answered."""
    enter(page)
    page.text_input(key="album folder name").set_value(str(folder))
    press(page, "Read folder")
    visit: AlbumVisit = page.session_state["album visit"]
    assert visit.work is not None
    assert visit.work.wait(PATIENCE_S)
    page.run()
    assert not page.exception
    return visit


@pytest.fixture
def originals(folder: Path) -> Iterator[dict[str, bytes]]:
    """The photos' bytes, which nobody may change."""
    before = {path.name: path.read_bytes() for path in folder.iterdir()}
    yield before
    assert {path.name: path.read_bytes() for path in folder.iterdir()} == before


@pytest.mark.slow
def test_a_folder_becomes_a_table_a_map_and_a_zip(page: AppTest, folder: Path, originals: dict[str, bytes]) -> None:
    visit = filled(page, folder)
    entries = {entry.name: entry for entry in visit.album.entries}
    assert set(entries) == set(originals) - {"notes.txt"}
    assert entries["sunset.jpg"].latlon == pytest.approx((-33.8584, 151.215), abs=0.01)
    assert entries["grey.jpg"].status == "no_evidence"
    assert entries["torn.jpg"].status == "failed"
    assert "no photos (1)" in read(said(page))
    assert "4 of 4 photos · 2 on the map" in said(page)

    page.text_input(key="album find").set_value("sunset").run()
    assert "1 of 4 photos" in said(page)
    page.text_input(key="album find").set_value("").run()
    page.multiselect(key="album only").set_value(["nothing"]).run()
    assert "2 of 4 photos · 0 on the map" in said(page)
    page.multiselect(key="album only").set_value([]).run()
    page.text_input(key="album region").set_value("AU").run()
    assert "1 of 4 photos" in said(page)
    page.text_input(key="album region").set_value("").run()

    page.session_state["album chosen"] = entries["sunset.jpg"].number
    page.run()
    press(page, "Confirm this place")
    assert "the model's answer stays as it was" in read(said(page))
    press(page, "Move the pin")
    page.text_input(key=f"album move {entries['sunset.jpg'].number}").set_value("-33.9, 151.2").run()
    moved = visit.album.entries[entries["sunset.jpg"].number]
    assert moved.latlon == (-33.9, 151.2)
    assert moved.places == entries["sunset.jpg"].places
    press(page, "Undo")
    assert visit.album.entries[moved.number].pin is None
    press(page, "Move the pin")
    page.text_input(key=f"album move {moved.number}").set_value("-34, 151")
    press(page, "Confirm this place")  # before the page shows that it is there already
    assert visit.album.entries[moved.number].latlon == (-34.0, 151.0)
    press(page, "Undo")

    page.multiselect(key="album take").set_value(["csv", "sidecars", "copies"])  # then the click, before that is drawn
    press(page, "Make the zip")
    path, count, told = page.session_state["album zip"].result()
    assert count == 4
    with zipfile.ZipFile(io.BytesIO(path.read_bytes())) as made:
        names = " ".join(made.namelist())
    assert "album.csv" in names
    assert "sunset.jpg" in names
    assert ".xmp" in names
    assert all("sunset" not in sentence for sentence in told)

    page.run()
    page.multiselect(key="album take").set_value(["csv"])
    page.text_input(key="album find").set_value("sunset")
    press(page, "Make the zip")
    path, count, _ = page.session_state["album zip"].result()
    assert count == 1
    with zipfile.ZipFile(io.BytesIO(path.read_bytes())) as made:
        assert made.namelist() == ["album.csv"]
        assert made.read("album.csv").count(b".jpg") == 1

    page.selectbox(key="album sort").set_value("name").run()
    press(page, "Open its answer")
    assert page.session_state["room"] == "place"
    assert "Opera House" in page.button(key="place 0").label
    enter(page)
    assert "1 of 4 photos" in said(page)
    assert page.text_input(key="album find").value == "sunset"
    assert page.selectbox(key="album sort").value == "name"
    press(page, "Empty the album")
    assert {key: page.session_state[key] for key in ALBUM_FILTERS} == ALBUM_FILTERS
    assert not visit.folder.exists() or not any(visit.folder.glob("*.jpg"))
    assert "Many photos, one map" in [heading.value for heading in page.subheader]


@pytest.mark.slow
def test_work_is_stopped_and_goes_on(page: AppTest, folder: Path) -> None:
    visit = filled(page, folder)
    visit.photos += [visit.photos[0]] * 8
    page.run()
    assert visit.work is not None
    visit.work.cancel()
    assert visit.work.wait(PATIENCE_S)
    page.run()
    waiting = len(visit.waiting)
    assert waiting > 0
    assert f"{waiting} photos wait for an answer" in said(page)
    press(page, "Go on")
    assert visit.work.wait(PATIENCE_S)
    assert len(visit.album.entries) == 12


def test_what_is_no_folder_and_a_folder_without_photos_get_a_clear_word(page: AppTest, tmp_path: Path) -> None:
    enter(page)
    (tmp_path / "notes.txt").write_text("no photo")
    for given, words in ((tmp_path / "none", "There is no folder"), (tmp_path, "There are no photos in")):
        page.text_input(key="album folder name").set_value(str(given))
        press(page, "Read folder")
        assert words in read(said(page))


def test_the_public_page_reads_no_folder(page: AppTest, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.argv", ["app.py", "--demo"])
    enter(page)
    assert "Photos of different places" in [field.label for field in page.file_uploader]
    assert not [field for field in page.text_input if field.key == "album folder name"]


def test_one_place_is_kept_while_the_album_is_shown(page: AppTest) -> None:
    ask(page, "Kyoto")
    enter(page)
    page.session_state["room"] = "place"
    page.run()
    assert page.text_input(key="text").value == "Kyoto"
    assert "Kyoto" in page.button(key="place 0").label


def test_the_map_shows_every_photo_also_where_they_lie_around_the_antimeridian() -> None:
    lisbon, tijuana, auckland = (38.7, -9.1), (32.5, -117.0), (-36.8, 174.8)
    (south, west), (north, east) = _corners([lisbon, tijuana, auckland], 40.0)
    assert (west, east) == (-180.0, 180.0)
    assert south < -36.8 < 38.7 < north
    (_, west), (_, east) = _corners([lisbon, (41.9, 12.5)], 40.0)
    assert -11 < west < -9.1
    assert 12.5 < east < 14
