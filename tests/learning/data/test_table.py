"""Tables as people have them: known layouts, bad rows counted, clear refusals."""

from __future__ import annotations

import csv
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from geoclip_core.errors import DataError
from geoclip_core.learning.data.table import (
    Columns,
    count_reasons,
    parse_columns,
    read_gallery,
    read_table,
    write_report,
)


def write(path: Path, header: str, *rows: str) -> Path:
    path.write_text("\n".join((header, *rows)) + "\n", encoding="utf-8")
    return path


@pytest.mark.parametrize(
    "header",
    [
        "image,latitude,longitude,owner",
        "IMG_FILE,LAT,LON,Author",
        "IMG_ID,LAT,LON,AUTHOR",
        "id,latitude,longitude,creator_username",
    ],
)
def test_known_layouts_are_read(tmp_path: Path, header: str) -> None:
    table = read_table(write(tmp_path / "a.csv", header, "1/2.jpg,48.5,2.25,ann", "003.jpg,-33,360,bob"))
    assert table.images.tolist() == ["1/2.jpg", "003.jpg"]
    assert table.latlon.tolist() == [[48.5, 2.25], [-33.0, 0.0]]
    assert table.latlon.dtype == np.float32
    assert table.owners is not None
    assert table.owners[0] != table.owners[1]
    assert not table.skipped


def test_the_benchmarks_tables_are_read(shared_data: Path) -> None:
    for name, rows in [("im2gps.csv", 237), ("im2gps3k.csv", 2997), ("yfcc4k.csv", 4536)]:
        assert len(read_table(shared_data / "coordinates" / name).latlon) == rows
    photos = read_table(shared_data / "im2gps3k_cc" / "photos.csv", folder=shared_data / "im2gps3k_cc" / "photos")
    assert len(photos.images) == 874
    assert photos.owners is not None


def test_names_that_look_like_numbers_stay_names(tmp_path: Path) -> None:
    table = read_table(write(tmp_path / "a.csv", "id,lat,lon", "0012,1,2", "1e5,3,4"))
    assert table.images.tolist() == ["0012", "1e5"]


def test_a_photo_may_be_called_nothing(tmp_path: Path) -> None:
    table = read_table(write(tmp_path / "a.csv", "image,lat,lon", "NA,1,2", "null,3,4", ",5,6"))
    assert table.images.tolist() == ["NA", "null"]
    assert [item.reason for item in table.skipped] == ["no photo is named"]


def test_photos_of_unknown_photographers_stand_for_themselves(tmp_path: Path) -> None:
    owners = read_table(
        write(tmp_path / "a.csv", "image,lat,lon,owner", "a,1,2,", "b,3,4,", "c,5,6,ann", "d,5,6,ann")
    ).owners
    assert owners is not None
    assert len(set(owners.tolist())) == 3
    assert owners[2] == owners[3]


def test_columns_can_be_named_on_a_command_line() -> None:
    assert parse_columns("") == Columns()
    assert parse_columns("latitude=breite,image=foto") == Columns(image="foto", latitude="breite")
    for text in ("breite", "latitude=", "height=hoehe"):
        with pytest.raises(DataError, match=r"--columns does not say what .* Allowed: NAME=COLUMN for image, latitude"):
            parse_columns(text)


def test_parquet_and_mapped_columns(tmp_path: Path) -> None:
    frame = pd.DataFrame({"foto": ["a.jpg"], "breite": [52.5], "laenge": [13.4]})
    frame.to_parquet(tmp_path / "a.parquet")
    table = read_table(tmp_path / "a.parquet", Columns("foto", "breite", "laenge"))
    assert table.latlon.tolist() == [[52.5, np.float32(13.4)]]


def test_every_bad_row_is_counted_and_listed_once(tmp_path: Path) -> None:
    (tmp_path / "photos").mkdir()
    (tmp_path / "photos" / "good.jpg").touch()
    rows = [
        "good.jpg,1,2",
        "good.jpg,x,2",
        "good.jpg,95,200",
        ",1,2",
        "gone.jpg,1,2",
        "good.jpg,nan,1",
        "good.jpg,1,500",
    ]
    table = read_table(write(tmp_path / "a.csv", "image,lat,lon", *rows), folder=tmp_path / "photos")
    assert table.rows.tolist() == [0]
    assert count_reasons(table.skipped) == (
        "2 rows: latitude or longitude is missing or no number; 2 rows: no point on Earth; "
        "1 rows: no photo is named; 1 rows: there is no such file"
    )
    report = tmp_path / "deep" / "skipped.csv"
    write_report(report, table.skipped)
    write_report(report, table.skipped)
    with report.open() as stream:
        listed = list(csv.DictReader(stream))
    assert [(line["row"], line["image"]) for line in listed] == [
        ("1", "good.jpg"),
        ("2", "good.jpg"),
        ("3", ""),
        ("4", "gone.jpg"),
        ("5", "good.jpg"),
        ("6", "good.jpg"),
    ]


@pytest.mark.parametrize(
    ("header", "rows", "words"),
    [
        ("image,latitude,longitude", (), "no rows"),
        ("image,latitude,longitude", ("a.jpg,x,y", ",1,2"), "None of the 2 rows .* 1 rows: latitude or longitude"),
        ("name,breite,laenge", ("a.jpg,1,2",), "no column for the image; its columns are name, breite, laenge"),
        ("image,breite,laenge", ("a.jpg,1,2",), "no column for the latitude.*name it: columns.latitude"),
        ("image,latitude,longitude", ("a.jpg,139.7,35.7", "b.jpg,2.3,48.8"), "1 of 2 latitudes .* look swapped"),
        ("", (), "cannot be read"),
    ],
)
def test_tables_that_cannot_be_used_say_why(tmp_path: Path, header: str, rows: tuple[str, ...], words: str) -> None:
    with pytest.raises(DataError, match=words):
        read_table(write(tmp_path / "a.csv", header, *rows))


def test_wrong_files_and_columns_say_why(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="There is no table"):
        read_table(tmp_path / "none.csv")
    with pytest.raises(DataError, match=r"\.csv or \.parquet"):
        read_table(write(tmp_path / "a.txt", "image,lat,lon"))
    with pytest.raises(DataError, match=r"no column 'foto'.*one of its columns: image, lat, lon"):
        read_table(write(tmp_path / "a.csv", "image,lat,lon", "a,1,2"), Columns(image="foto"))
    (tmp_path / "a.parquet").write_bytes(b"not parquet")
    with pytest.raises(DataError, match="cannot be read"):
        read_table(tmp_path / "a.parquet")


def test_a_few_mistakes_are_no_swap(tmp_path: Path) -> None:
    rows = [f"{i}.jpg,{i % 80},{i % 90}" for i in range(100)] + ["bad.jpg,120,10"]
    table = read_table(write(tmp_path / "a.csv", "image,lat,lon", *rows))
    assert [item.image for item in table.skipped] == ["bad.jpg"]


def test_galleries_are_read_from_both_kinds_of_file(tmp_path: Path) -> None:
    write(tmp_path / "g.csv", "LAT,LON", "1,2", "3,4", "1,2")
    np.save(tmp_path / "g.npy", np.array([[3.0, 4.0], [1.0, 2.0]]))
    for name in ("g.csv", "g.npy"):
        assert read_gallery(str(tmp_path / name)).tolist() == [[1, 2], [3, 4]]
    with pytest.raises(DataError, match="There is no gallery"):
        read_gallery(str(tmp_path / "none.npy"))
