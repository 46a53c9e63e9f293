"""Albums: filled by a model, changed by a person, sorted, chosen, placed by time, saved and opened again."""

from __future__ import annotations

import io
import json
import zipfile
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from geoclip_core.album.album import MOST_PHOTOS, Album, AlbumPhoto
from geoclip_core.album.filling import THUMBNAIL_BYTES, THUMBNAIL_PX, fill, thumbnail
from geoclip_core.album.neighbours import clock_doubts, place_by_time, without_time
from geoclip_core.album.saved import album_bytes, open_album, read_album, save_album
from geoclip_core.album.view import Choice, choose, sort
from geoclip_core.earth.distance import great_circle_km
from geoclip_core.earth.regions import parse_region
from geoclip_core.errors import CoordinateError, DataError, QueryError
from geoclip_core.locate.locator import Locator
from geoclip_core.page.album.files import LARGEST_ALBUM_MB
from geoclip_core.photo.decode import open_photo
from tests.album.entries import KYIV, LISBON, SINTRA, answered, several, unanswered
from tests.photo_files import jpeg, placed_photo, told_photo


def test_a_model_fills_an_album_in_order(embedded_locator: Locator, tmp_path: Path) -> None:
    (tmp_path / "a.jpg").write_bytes(told_photo())
    photos = [
        AlbumPhoto.of(tmp_path / "a.jpg"),
        AlbumPhoto(jpeg(), "b.jpg"),
        AlbumPhoto(b"none", "c.jpg"),
        AlbumPhoto.of(tmp_path / "gone.jpg"),
    ]
    album = Album()
    for entry in fill(embedded_locator, photos):
        album.add(entry)
    first = album.entries[0]
    assert [entry.status for entry in album.entries] == ["answered", "no_evidence", "failed", "failed"]
    assert [entry.name for entry in album.entries] == ["a.jpg", "b.jpg", "c.jpg", "gone.jpg"]
    assert album.counts() == {"answered": 1, "no_evidence": 1, "failed": 2}
    assert first.latlon == pytest.approx((48.8584, 2.2945), abs=1e-3)
    assert first.camera == "Maker Model"
    assert first.file_claim is not None
    assert first.file_claim.contradicted is None, "nothing but the file speaks of the place"
    assert first.thumbnail is not None
    with Image.open(io.BytesIO(first.thumbnail)) as small:
        assert max(small.size) <= 192
        assert not small.getexif()


def test_a_person_s_pin_stays_apart_from_the_answer() -> None:
    entry = several()[0]
    moved = entry.moved(SINTRA)
    assert (moved.latlon, moved.origin, moved.places) == (SINTRA, "person", entry.places)
    assert entry.confirmed().pin is not None
    assert entry.confirmed().latlon == LISBON
    assert moved.unpinned() == entry
    with pytest.raises(CoordinateError):
        entry.moved((91.0, 0.0))
    album = Album(several())
    album.put(moved)
    assert album.entries[0] == moved
    with pytest.raises(QueryError):
        album.put(replace(moved, number=9))


def test_entries_are_sorted_by_any_column_and_those_without_a_value_come_last() -> None:
    entries = several()
    assert [e.number for e in sort(entries, "place")] == [0, 2, 1, 3]
    assert [e.number for e in sort(entries, "taken_at", falling=True)] == [2, 1, 0, 3]
    assert [e.number for e in sort(entries, "claim_km")] == [0, 1, 2, 3]
    mixed = [*entries, replace(entries[0], number=4, taken_at=datetime(2024, 5, 1, 9, 0, tzinfo=UTC))]
    assert sort(mixed, "taken_at")[0].number == 4
    with pytest.raises(QueryError):
        sort(entries, "colour")  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("choice", "numbers"),
    [
        (Choice(), [0, 1, 2, 3]),
        (Choice(region=parse_region("PT")), [0, 2]),
        (Choice(contradicted=True), [0]),
        (Choice(claimed=True), [0]),
        (Choice(status=("failed", "no_evidence")), [1, 3]),
        (Choice(origin=("person",)), [2]),
        (Choice(warned=True), [0]),
        (Choice(words="RIVER lisbon"), [0]),
        (Choice(least_probability=0.5), [0, 2]),
        (Choice(least_claim_km=5000), []),
    ],
)
def test_entries_are_chosen(choice: Choice, numbers: list[int]) -> None:
    assert [entry.number for entry in choose(several(), choice)] == numbers


def test_a_photo_without_evidence_is_placed_between_its_neighbours_in_time() -> None:
    found = place_by_time(several())
    assert [entry.by_time is not None for entry in found] == [False, True, False, False]
    between = found[1].by_time
    assert between is not None
    assert between.sentence == "11 minutes after IMG_1 in Lisbon, Portugal, 20 minutes before IMG_3"
    whole = float(great_circle_km(LISBON, (38.8, -9.4)))
    assert float(great_circle_km(between.latlon, LISBON)) == pytest.approx(whole * 11 / 31, abs=0.1)
    assert 2 < between.spread_km < 15
    assert found[1].origin == "time"
    assert without_time(found) == several()
    slow = place_by_time(several(), speed_kmh=300.0)[1].by_time
    assert slow is not None
    assert slow.spread_km > 5 * between.spread_km


def test_neighbours_that_no_person_could_have_taken_are_not_gone_by() -> None:
    """A clock that is wrong by hours, or a wrong place: Kyiv half an hour after Lisbon."""
    start = datetime(2024, 5, 1, 10, 0)
    entries = [
        answered(0, "a.jpg", LISBON, "Lisbon", taken_at=start),
        unanswered(1, "b.jpg", taken_at=start + timedelta(minutes=10)),
        answered(2, "c.jpg", KYIV, "Kyiv", taken_at=start + timedelta(minutes=30)),
        unanswered(3, "d.jpg", taken_at=start + timedelta(hours=20)),
        unanswered(4, "e.jpg"),
        answered(5, "f.jpg", LISBON, "Lisbon", taken_at=start + timedelta(hours=19), probability=0.1),
    ]
    assert all(entry.by_time is None for entry in place_by_time(entries))


def test_a_weak_answer_gives_way_to_neighbours_in_time_and_a_sure_one_does_not() -> None:
    start = datetime(2024, 5, 1, 10, 0)
    entries = [
        answered(0, "a.jpg", LISBON, "Lisbon", taken_at=start),
        answered(1, "b.jpg", KYIV, "Kyiv", taken_at=start + timedelta(minutes=10), probability=0.02),
        answered(2, "c.jpg", KYIV, "Kyiv", taken_at=start + timedelta(minutes=20), probability=0.3),
    ]
    found = place_by_time(entries)
    assert [entry.origin for entry in found] == ["model", "time", "model"]
    assert found[1].latlon == pytest.approx(LISBON)
    assert found[1].places == entries[1].places
    assert found[1].confirmed().latlon == found[1].latlon


def test_a_clock_that_is_wrong_by_hours_is_told() -> None:
    start = datetime(2024, 5, 1, 10, 0)
    entries = [
        answered(0, "a.jpg", LISBON, "Lisbon", taken_at=start),
        answered(1, "b.jpg", KYIV, "Kyiv", taken_at=start + timedelta(minutes=30)),
        answered(2, "c.jpg", SINTRA, "Sintra", taken_at=start + timedelta(hours=9)),
        answered(3, "d.jpg", KYIV, "Kyiv", taken_at=start + timedelta(hours=9), radius_km=4000.0),
    ]
    (sentence,) = clock_doubts(entries)
    assert sentence == (
        "b in Kyiv was taken 30 minutes after a in Lisbon, 3,352 km away: "
        "a camera's clock or one of the places is wrong."
    )
    assert clock_doubts(several()) == []


def test_the_same_photo_twice_is_told_and_kept(embedded_locator: Locator) -> None:
    album = Album()
    given = [placed_photo((40.0, 10.0)), placed_photo((41.0, 10.0)), placed_photo((40.0, 10.0))]
    for entry in fill(embedded_locator, [AlbumPhoto(data, f"{i}.jpg") for i, data in enumerate(given)]):
        album.add(entry)
    assert ["It is the same photo as 0.jpg." in entry.warnings for entry in album.entries] == [False, False, True]
    assert read_album(album_bytes(album)).entries[2].warnings == album.entries[2].warnings


def test_times_with_zones_are_compared_as_moments() -> None:
    zone = datetime.fromisoformat("2024-05-01T12:00:00+02:00")
    entries = [
        answered(0, "a.jpg", LISBON, "Lisbon", taken_at=zone),
        unanswered(1, "b.jpg", taken_at=datetime(2024, 5, 1, 10, 5, tzinfo=UTC)),
    ]
    found = place_by_time(entries)[1].by_time
    assert found is not None
    assert found.sentence == "5 minutes after a in Lisbon"
    assert found.latlon == pytest.approx(LISBON)


def test_an_album_is_saved_and_opened_again_without_photos_or_paths(tmp_path: Path) -> None:
    album = Album(place_by_time(several()))
    save_album(album, tmp_path / "a.geoalbum")
    opened = open_album(tmp_path / "a.geoalbum")
    assert opened.entries == [replace(entry, path=None) for entry in album.entries]
    data = (tmp_path / "a.geoalbum").read_bytes()
    assert b"somebody" not in data
    assert album_bytes(opened) == data
    with zipfile.ZipFile(io.BytesIO(data)) as file:
        assert file.namelist() == ["album.json", "thumbnails/0.jpg"]


def archive(**files: str) -> bytes:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as file:
        for name, text in files.items():
            file.writestr(name.replace("_json", ".json"), text)
    return stream.getvalue()


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"no zip",
        archive(x="1"),
        archive(album_json="{}"),
        archive(album_json="["),
        archive(album_json=json.dumps({"format": 2, "entries": []})),
        archive(album_json=json.dumps({"format": 1, "entries": [{}]})),
        archive(album_json=json.dumps({"format": 1, "entries": [7]})),
        archive(album_json=json.dumps({"format": 1, "entries": 3})),
    ],
)
def test_what_is_no_album_is_refused(data: bytes) -> None:
    with pytest.raises(DataError):
        read_album(data)


def test_a_full_album_of_busy_pictures_stays_small_enough_for_the_page_to_open() -> None:
    rng = np.random.default_rng(0)
    made = thumbnail(open_photo(jpeg(Image.fromarray(rng.integers(0, 255, (300, 400, 3), dtype=np.uint8)))))
    assert made is not None
    assert THUMBNAIL_BYTES / 2 < len(made) <= THUMBNAIL_BYTES
    with Image.open(io.BytesIO(made)) as small:
        assert max(small.size) == THUMBNAIL_PX
    busy = b"\xff\xd8\xff" + rng.bytes(THUMBNAIL_BYTES - 3)
    full = Album([answered(n, f"IMG_{n}.jpg", LISBON, "Lisbon, Portugal", thumbnail=busy) for n in range(MOST_PHOTOS)])
    assert len(album_bytes(full)) < LARGEST_ALBUM_MB << 20


def test_an_album_with_a_position_off_the_earth_is_refused() -> None:
    with zipfile.ZipFile(io.BytesIO(album_bytes(Album(several())))) as file:
        plain = json.loads(file.read("album.json"))
    plain["entries"][0]["places"][0]["latlon"] = [95.0, 0.0]
    with pytest.raises(DataError):
        read_album(archive(album_json=json.dumps(plain)))


def test_closing_the_work_leaves_what_was_found(embedded_locator: Locator) -> None:
    entries = fill(embedded_locator, (AlbumPhoto(placed_photo((40.0, float(i))), f"{i}.jpg") for i in range(1000)))
    first = [next(entries), next(entries)]
    entries.close()  # type: ignore[attr-defined]
    assert [entry.name for entry in first] == ["0.jpg", "1.jpg"]
