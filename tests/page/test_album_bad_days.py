"""Bad days of the album on the page: too many files, files that vanish, photos that are there twice, wrong clocks."""

from __future__ import annotations

from pathlib import Path

import pytest
from PIL import ExifTags, Image
from streamlit.testing.v1 import AppTest

from geoclip_core.album.album import MOST_PHOTOS
from tests.page.conftest import jpeg, position_exif
from tests.page.steps import read, said
from tests.page.test_album import filled, press

LISBON, SINTRA, KYIV = (38.7223, -9.1393), (38.8029, -9.3817), (50.4501, 30.5234)


def taken(path: Path, latlon: tuple[float, float] | None, hour: int, shade: int) -> None:
    """A photo of a grey shade, with a time and, where one is given, a position."""
    exif = position_exif(latlon) if latlon is not None else Image.Exif()
    exif.get_ifd(ExifTags.IFD.Exif)[ExifTags.Base.DateTimeOriginal] = f"2024:05:01 {hour:02d}:00:00"
    path.write_bytes(jpeg(Image.new("RGB", (64, 48), (shade, shade, shade)), exif=exif))


@pytest.mark.slow
def test_a_folder_of_more_files_than_an_album_holds(page: AppTest, tmp_path: Path) -> None:
    for number in range(MOST_PHOTOS + 3):
        (tmp_path / f"{number:04d}.jpg").touch()
    visit = filled(page, tmp_path)
    assert len(visit.album.entries) == MOST_PHOTOS
    assert "There is room for 5,000 photos: 3 of 5,003 are left out." in read(said(page))
    assert "5000 of 5000 photos · 0 on the map" in said(page).replace(",", "")
    assert {entry.status for entry in visit.album.entries} == {"failed"}
    press(page, "Read folder")
    assert "5,000 of 5,003 are in the album already." in read(said(page))
    assert visit.count == MOST_PHOTOS


@pytest.mark.slow
def test_places_copies_clocks_and_files_that_vanish(page: AppTest, tmp_path: Path) -> None:
    taken(tmp_path / "a lisbon.jpg", LISBON, 9, 10)
    taken(tmp_path / "b lisbon later.jpg", LISBON, 18, 20)
    taken(tmp_path / "c sintra.jpg", SINTRA, 11, 30)
    taken(tmp_path / "d kyiv.jpg", KYIV, 10, 40)  # an hour after Lisbon: its clock is wrong by hours
    taken(tmp_path / "e no place.jpg", None, 12, 50)
    (tmp_path / "f copy.jpg").write_bytes((tmp_path / "a lisbon.jpg").read_bytes())
    visit = filled(page, tmp_path)
    entries = {entry.name[0]: entry for entry in visit.album.entries}
    assert [entry.best.country_code if entry.best else None for entry in entries.values()] == [
        *("PT", "PT", "PT", "UA", None, "PT")
    ]
    assert "It is the same photo as a lisbon.jpg." in entries["f"].warnings
    assert "6 of 6 photos · 5 on the map" in said(page)

    page.toggle(key="album time").set_value(True).run()
    told = read(said(page))
    assert "1 placed by time; 0 photos state no time." in told
    assert "a camera's clock or one of the places is wrong" in told

    (tmp_path / "a lisbon.jpg").unlink()
    page.session_state["album chosen"] = entries["a"].number
    page.run()
    press(page, "Open its answer")
    assert "The photo a lisbon.jpg is not there any more; its answer stays." in read(said(page))
    assert visit.album.entries[entries["a"].number].latlon == entries["a"].latlon
    page.multiselect(key="album take").set_value(["csv", "copies"])
    press(page, "Make the zip")
    _, _, problems = page.session_state["album zip"].result()
    page.run()
    assert any("a lisbon.jpg cannot be read any more" in problem for problem in problems)
    assert "cannot be read any more" in read(said(page))


@pytest.mark.slow
def test_files_that_vanish_while_the_album_is_filled(page: AppTest, tmp_path: Path) -> None:
    for number in range(40):
        taken(tmp_path / f"{number:02d}.jpg", LISBON, 9, number)
    page.session_state["room"] = "album"
    page.run()
    page.text_input(key="album folder name").set_value(str(tmp_path))
    press(page, "Read folder")
    for number in range(30, 40):
        (tmp_path / f"{number:02d}.jpg").unlink()
    visit = page.session_state["album visit"]
    assert visit.work.wait(300)
    page.run()
    assert not page.exception
    assert len(visit.album.entries) == 40
    assert [entry.status for entry in visit.album.entries[:20]] == ["answered"] * 20
    gone = [entry for entry in visit.album.entries if entry.status == "failed"]
    assert all("cannot be read" in entry.problem or "no file" in entry.problem.lower() for entry in gone)
