"""Tables in every usual separator, encoding and compression give the same rows."""

from __future__ import annotations

import bz2
import gzip
import json
import logging
import lzma
from pathlib import Path

import pytest

from geoclip_core.errors import DataError
from geoclip_core.learning.data.table import read_table

ROWS = [("São Paulo.jpg", -23.5, -46.625), ("Zürich.jpg", 47.375, 8.5)]


def text(separator: str, decimal: str = ".") -> str:
    lines = [separator.join(("image", "latitude", "longitude", "title"))]
    lines += [separator.join((name, str(lat), str(lon), "a title")).replace(".", decimal) for name, lat, lon in ROWS]
    return "\n".join(lines).replace(f"{decimal}jpg", ".jpg") + "\n"


def with_names(lines: str) -> str:
    """A table whose rows have names before them, as R writes it: the header has none for them."""
    header, *rows = lines.splitlines()
    return "\n".join([header, *(f"{i},{row}" for i, row in enumerate(rows, 1))]) + "\n"


JSON = "".join(json.dumps({"image": name, "latitude": lat, "lon": lon}) + "\n" for name, lat, lon in ROWS)


@pytest.mark.parametrize(
    ("name", "content", "word"),
    [
        ("a.csv", text(",").encode(), ""),
        ("a.csv", text(",").encode("utf-8-sig"), ""),
        ("a.csv", text(";").encode(), ""),
        ("a.csv", text(";", ",").encode(), ""),
        ("a.csv", text("\t").encode(), ""),
        ("a.tsv", text("\t").encode(), ""),
        ("a.csv", text("|").encode(), ""),
        ("a.CSV", text(",").replace("\n", "\r\n").encode(), ""),
        ("a.csv.gz", gzip.compress(text(",").encode(), mtime=0), ""),
        ("a.tsv.gz", gzip.compress(text("\t").encode("latin-1"), mtime=0), "Latin-1"),
        ("a.csv", text(",").encode("latin-1"), "Latin-1"),
        ("a.csv", text(";").encode("utf-16"), "UTF-16"),
        ("a.csv", text(",").encode("utf-16-le"), "UTF-16-LE"),
        ("a.jsonl", JSON.encode(), ""),
        ("a.ndjson.gz", gzip.compress(JSON.encode(), mtime=0), ""),
        ("a.jsonl", JSON.encode("utf-16"), "UTF-16"),
        ("a.CSV.GZ", gzip.compress(text(",").encode(), mtime=0), ""),
        ("a.csv.bz2", bz2.compress(text(",").encode()), ""),
        ("a.tsv.xz", lzma.compress(text("\t").encode()), ""),
        ("a", text("\t").encode(), ""),
        ("a", text(",").replace("\n", "\r").encode(), ""),
        ("a.csv", b"sep=;\r\n" + text(";", ",").encode("utf-8"), ""),  # as Excel is told
        ("a.csv", text(";").replace("title\n", '"a title, with, many, commas"\n', 1).encode(), ""),
        ("a.csv", text(", ").replace("a title", '"a, title"').encode(), ""),
        ("a.csv", text(",").replace("-23.5,-46.625", '"-23,5","-46,625"').encode(), ""),
        ("a.csv", text(",").replace("a title\n", "a title,\n").encode(), ""),  # a separator ends every row
        ("a.csv", with_names(text(",")).encode(), ""),
    ],
)
def test_a_table_is_read_however_it_is_written(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, name: str, content: bytes, word: str
) -> None:
    (tmp_path / name).write_bytes(content)
    with caplog.at_level(logging.WARNING):
        table = read_table(tmp_path / name)
    assert table.images.tolist() == [image for image, _, _ in ROWS]
    assert table.latlon.tolist() == [[lat, lon] for _, lat, lon in ROWS]
    assert word in caplog.text if word else not caplog.text


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("a.csv.gz", b"no gzip"),
        ("a.csv.xz", b"no xz"),
        ("a.tsv.bz2", b"no bzip"),
        ("a.jsonl", b"[1, 2]\n"),
        ("a.jsonl", b"{no json\n"),
        ("a.tsv", b""),
    ],
)
def test_a_damaged_table_says_so(tmp_path: Path, name: str, content: bytes) -> None:
    (tmp_path / name).write_bytes(content)
    with pytest.raises(DataError, match=rf"{name} cannot be read \("):
        read_table(tmp_path / name)


def test_marks_of_windows_and_separators_of_lines_are_part_of_a_name(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_bytes("image,lat,lon\nL\u2019\u00e9t\u00e9.jpg,1,2\n".encode("cp1252"))
    assert read_table(tmp_path / "a.csv").images.tolist() == ["L\u2019\u00e9t\u00e9.jpg"]
    row = '{"image": "a\u2028b.jpg", "lat": "48,5", "lon": 2}\r\n'
    (tmp_path / "a.jsonl").write_bytes(row.encode())
    table = read_table(tmp_path / "a.jsonl")
    assert (table.images.tolist(), table.latlon.tolist()) == (["a\u2028b.jpg"], [[48.5, 2.0]])


def test_whole_numbers_of_json_stay_names(tmp_path: Path) -> None:
    (tmp_path / "a.jsonl").write_text('{"id": 12, "lat": 1, "lon": 2}\n{"id": 13, "lat": "x", "lon": 2}\n')
    table = read_table(tmp_path / "a.jsonl")
    assert table.images.tolist() == ["12"]
    assert [item.reason for item in table.skipped] == ["latitude or longitude is missing or no number"]
