"""The album in a real browser: real photos of a folder, from the first answer to every file that is taken along.

Ten photos make the routine run; ``GEOCLIP_ALBUM_PHOTOS=60`` takes more of the same kinds.
"""

from __future__ import annotations

import csv
import io
import os
import re
import shutil
import xml.etree.ElementTree as ET
import zipfile
from collections.abc import Iterator
from pathlib import Path

import geopandas
import gpxpy
import pytest
import rasterio
from playwright.sync_api import Locator, Page, TimeoutError, expect

from geoclip_core.album.album import Album
from geoclip_core.album.saved import album_bytes, read_album
from geoclip_core.earth.distance import great_circle_km
from tests.album.entries import several
from tests.page.browser.conftest import ROOT, Visit
from tests.page.browser.steps import DARK, PHONE, map_of, settle, show_photo
from tests.page.browser.test_reach import faults, first_screen

pytestmark = [pytest.mark.browser, pytest.mark.slow]

DATA = ROOT.parent / "shared" / "data"
NUMBER = int(os.environ.get("GEOCLIP_ALBUM_PHOTOS", "10"))
KINDS = {"exif/photos": 0.44, "im2gps3k_cc/photos": 0.2, "metadata_cases": 0.2, "samples": 0.06}  # the rest is broken
KNOWN = "gps_DSCN0010.jpg"  # taken in Arezzo
WORK_MS = 600_000  # to answer all photos, on a machine that does other things
RDF, EXIF = "{http://www.w3.org/1999/02/22-rdf-syntax-ns#}", "{http://ns.adobe.com/exif/1.0/}"
LAPTOP = {"viewport": {"width": 1280, "height": 720}}
TAKEN = ("GeoParquet", "CSV", "GeoJSON", "KML", "GPX, timeline", "XMP sidecars", "Copies with the position in EXIF")


@pytest.fixture
def folder(tmp_path: Path) -> Iterator[Path]:
    """Copies of real photos, some broken files, and what is no photo; whoever used it must not have changed a byte."""
    if not DATA.is_dir():
        pytest.skip(f"no photos: {DATA} is not here")
    made = tmp_path / "photos"
    made.mkdir()
    for kind, share in KINDS.items():
        source = ROOT / "assets" / kind if kind == "samples" else DATA / kind
        photos = [path for path in source.iterdir() if path.is_file() and path.suffix not in (".md", ".csv")]
        photos.sort(key=lambda path: (path.name != KNOWN, path.name))
        step = max(1, len(photos) // max(1, round(share * NUMBER)))
        for path in photos[::step][: round(share * NUMBER)]:
            shutil.copyfile(path, made / path.name)
    good = sorted(made.iterdir())
    for number in range(NUMBER - len(good)):
        (made / f"torn {number}.jpg").write_bytes(good[number % len(good)].read_bytes()[: 40 * number])
    (made / "notes.txt").write_text("no photo")
    before = {path.name: path.read_bytes() for path in made.iterdir()}
    yield made
    assert {path.name: path.read_bytes() for path in made.iterdir()} == before


def enter(page: Page) -> None:
    page.get_by_role("radio", name="Album").or_(page.get_by_role("button", name="Album", exact=True)).first.click()
    expect(page.get_by_label("Folder on this machine")).to_be_visible()
    settle(page)


def counted(page: Page, shown: int, count: int) -> None:
    expect(page.get_by_text(f"{shown} of {count} photos ·")).to_be_visible(timeout=WORK_MS)
    settle(page)


def cell(page: Page, column: int, row: int = 0) -> Locator:
    """A cell of the table, which is a picture, as a screen reader finds it."""
    return page.get_by_test_id(f"glide-cell-{column}-{row}")


def choose(page: Page, field: str, option: str) -> None:
    wanted = page.get_by_role("option", name=option)
    for _ in range(10):  # a list that opens closes again where the page is drawn anew just then
        page.get_by_role("combobox", name=field).click()
        try:
            wanted.click(timeout=10_000)
            break
        except TimeoutError:
            page.keyboard.press("Escape")
    else:
        pytest.fail(f"{field} offers no {option}")
    page.keyboard.press("Escape")
    settle(page)


def downloaded(page: Page, button: str) -> bytes:
    with page.expect_download() as download:
        page.get_by_role("button", name=button).click()
    return Path(download.value.path()).read_bytes()


@pytest.mark.filterwarnings("ignore::rasterio.errors.NotGeoreferencedWarning")
@pytest.mark.parametrize("visit", [LAPTOP], indirect=True, ids=["laptop"])
def test_a_folder_of_real_photos(visit: Visit, folder: Path) -> None:
    page, pins = visit.page, map_of(visit.page).locator(".photo")
    enter(page)
    page.get_by_label("Folder on this machine").fill(str(folder))
    page.get_by_role("button", name="Read folder").click()
    page.get_by_role("button", name="Cancel").click()
    expect(page.get_by_text(re.compile("photos wait for an answer"))).to_be_visible()
    page.get_by_role("button", name="Go on").click()
    counted(page, NUMBER, NUMBER)
    expect(page.get_by_role("button", name="Cancel")).to_have_count(0)
    expect(page.get_by_text("no photos (1)")).to_be_visible()
    expect(pins.first).to_be_visible()
    settle(page)
    assert faults(page) == []

    choose(page, "Sort by", "probability")
    page.get_by_text("Largest first").click()
    expect(cell(page, 4)).to_have_text(re.compile("^(9\\d|100)"))
    choose(page, "Show only", "files that state a position")
    count = page.get_by_text(re.compile(r"of \d+ photos ·"))
    expect(count).not_to_contain_text(f"{NUMBER} of {NUMBER} photos")
    stating = int(count.inner_text().split()[0])
    assert 0 < stating < NUMBER
    page.get_by_label("Find").fill(KNOWN)
    page.keyboard.press("Enter")
    counted(page, 1, NUMBER)
    expect(cell(page, 2)).to_have_text(KNOWN)
    expect(cell(page, 3)).to_contain_text("Italy")

    pins.first.click()
    expect(page.get_by_role("heading", name=KNOWN)).to_be_visible()
    page.get_by_role("button", name="Confirm this place").click()
    expect(page.get_by_text("Confirmed by you at 43.467")).to_be_visible()
    page.get_by_role("button", name="Move the pin").click()
    settle(page)
    expect(map_of(page).locator(".leaflet-container.drawing")).to_be_visible()
    box = page.locator("iframe").bounding_box()
    assert box is not None
    page.mouse.click(box["x"] + box["width"] / 2 + 90, box["y"] + box["height"] / 2 + 60)
    expect(page.get_by_text("Placed by you at")).to_be_visible()
    expect(map_of(page).locator(".photo.fixed")).to_be_visible()
    settle(page)

    page.get_by_label("Find").fill("")
    page.keyboard.press("Enter")
    counted(page, stating, NUMBER)
    page.get_by_text("Take along").click()
    for name in TAKEN[5:]:
        choose(page, "What", name)
    page.get_by_role("button", name="Make the zip").click()
    read_back(downloaded(page, "Download the zip"), folder, stating)

    saved = downloaded(page, "Save the album")
    page.get_by_role("button", name="Open its answer").click()
    expect(page.get_by_role("button", name=re.compile("^1 .*Italy"))).to_be_visible()
    page.get_by_role("radio", name="Album").or_(page.get_by_role("button", name="Album", exact=True)).first.click()
    counted(page, stating, NUMBER)
    page.get_by_role("button", name="Empty the album").click()
    expect(page.get_by_text("Many photos, one map")).to_be_visible()
    open_saved(page, saved)
    counted(page, NUMBER, NUMBER)
    assert sum(entry.pin is not None for entry in read_album(saved).entries) == 1
    assert str(folder).encode() not in saved
    visit.failed[:] = [told for told in visit.failed if "ERR_ABORTED" not in told]  # of the map of a view that was left
    visit.clean()


def open_saved(page: Page, data: bytes) -> None:
    settle(page)
    page.get_by_role("button", name="Open a saved album").click()
    field = page.get_by_test_id("stPopoverBody").locator("input[type=file]")
    field.set_input_files({"name": "a.geoalbum", "mimeType": "application/zip", "buffer": data})
    expect(page.get_by_text(re.compile(r"\d+ of \d+ photos ·"))).to_be_visible()
    page.keyboard.press("Escape")


def read_back(data: bytes, folder: Path, count: int) -> None:
    """Each format by a reader that is not ours; positions in all of them agree."""
    with zipfile.ZipFile(io.BytesIO(data)) as file:
        assert file.testzip() is None
        held = {name: file.read(name) for name in file.namelist()}
    table = geopandas.read_parquet(io.BytesIO(held["album.parquet"]))
    points = {row.photo: (row.geometry.y, row.geometry.x) for row in table.itertuples()}
    assert len(points) == count
    rows = {row["photo"]: row for row in csv.DictReader(io.StringIO(held["album.csv"].decode("utf-8-sig"), newline=""))}
    assert {name: (float(row["latitude"]), float(row["longitude"])) for name, row in rows.items()} == points
    assert [row["person_said"] for name, row in rows.items() if name == KNOWN] == ["moved"]
    for name in ("album.geojson", "album.kml"):
        read = geopandas.read_file(io.BytesIO(held[name]))
        found = {row[1 + list(read.columns).index("photo")]: row.geometry for row in read.itertuples()}
        assert {photo: pytest.approx((point.y, point.x)) for photo, point in found.items()} == points
    track = gpxpy.parse(held["timeline.gpx"].decode())
    assert {point.name: (point.latitude, point.longitude) for point in track.waypoints} == {
        name: pytest.approx(point, abs=1e-6) for name, point in points.items()
    }
    for name, point in points.items():
        description = next(ET.fromstring(held[f"sidecars/{name}.xmp"]).iter(f"{RDF}Description"))
        stated = [angle(description.get(f"{EXIF}GPS{axis}", "")) for axis in ("Latitude", "Longitude")]
        assert float(great_circle_km(stated, point)) < 0.001
    copies = [name for name in held if name.startswith("photos/")]
    assert copies
    for name in copies:
        original = (folder / name.removeprefix("photos/")).read_bytes()
        assert held[name] != original
        with rasterio.MemoryFile(held[name]) as opened, opened.open() as copy:  # GDAL has an EXIF reader of its own
            tags = copy.tags()
        assert held[name].endswith(original[original.rindex(b"\xff\xda") :])  # the picture is not encoded anew
        stated = [exif_angle(tags, axis) for axis in ("Latitude", "Longitude")]
        assert float(great_circle_km(stated, points[name.removeprefix("photos/")])) < 0.001


def angle(text: str) -> float:
    """Of XMP, such as 48,51.504N."""
    degrees, minutes = text[:-1].split(",")
    return (int(degrees) + float(minutes) / 60) * (-1 if text[-1] in "SW" else 1)


def exif_angle(tags: dict[str, str], axis: str) -> float:
    degrees, minutes, seconds = map(float, re.findall(r"[\d.]+", tags[f"EXIF_GPS{axis}"]))
    sign = -1 if tags[f"EXIF_GPS{axis}Ref"] in "SW" else 1
    return sign * (degrees + minutes / 60 + seconds / 3600)


@pytest.mark.parametrize("visit", [{**PHONE, **DARK}], indirect=True, ids=["dark phone"])
def test_a_saved_album_on_a_phone(visit: Visit) -> None:
    page = visit.page
    enter(page)
    open_saved(page, album_bytes(Album(several())))
    counted(page, 4, 4)
    assert first_screen(page)[1] >= 422
    expect(map_of(page).locator(".leaflet-container.dark")).to_be_visible()
    map_of(page).locator(".photo").last.click()
    expect(page.get_by_text(re.compile("stays as it was|The evidence contradicts it"))).to_be_visible()
    page.get_by_text("Place photos without evidence").click()
    expect(page.get_by_text("1 placed by time; 1 photos state no time.")).to_be_visible()
    settle(page)
    assert faults(page) == []
    visit.clean()


@pytest.mark.parametrize("visit", [{**LAPTOP, **DARK}], indirect=True, ids=["dark laptop"])
def test_a_claim_that_the_file_contradicts(visit: Visit) -> None:
    photo = DATA / "exif" / "photos" / KNOWN
    if not photo.is_file():
        pytest.skip(f"no photo: {photo} is not here")
    page = visit.page
    show_photo(page, (photo.name, photo.read_bytes()))
    page.get_by_role("tab", name="Check a claim").click()
    page.get_by_label("Claimed place").fill("Argentina")
    page.keyboard.press("Enter")
    expect(page.get_by_text(re.compile("^Contradicted"))).to_be_visible()
    expect(page.get_by_text("outside the 99 % region")).to_be_visible()
    expect(map_of(page).locator(".pin.known")).to_have_count(1)
    settle(page)
    assert faults(page) == []
    page.get_by_label("Claimed place").fill("Arezzo")
    page.keyboard.press("Enter")
    expect(page.get_by_text(re.compile("^Not contradicted"))).to_be_visible()
    settle(page)
    visit.clean()
