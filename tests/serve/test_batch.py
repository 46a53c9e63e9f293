from __future__ import annotations

import os
import sys
from collections import Counter

import pyarrow.parquet as pq
import pytest
from PIL import Image

from geoclip_core.errors import QueryError, RegionError
from geoclip_core.serve import batch
from geoclip_core.serve.batch import list_photos, locate_batch
from tests.photo_files import placed_photo, told_photo


@pytest.fixture(scope="module")
def locator(embedded_locator):
    return embedded_locator


@pytest.fixture
def photos(tmp_path):
    folder = tmp_path / "photos"
    folder.mkdir()
    for number in range(5):
        exif = Image.Exif()
        exif.get_ifd(0x8825).update({1: "N", 2: (40.0 + number, 0.0, 0.0), 3: "E", 4: (10.0, 0.0, 0.0)})
        Image.new("RGB", (32, 32)).save(folder / f"{number}.jpg", exif=exif)
    return list_photos(folder)


def test_an_interrupted_batch_goes_on_where_it_stopped(locator, photos, tmp_path, monkeypatch):
    monkeypatch.setattr(batch, "CHUNK", 2)
    out = tmp_path / "out.parquet"
    seen: list[int] = []

    def stop_after_three(done: int, total: int) -> None:
        seen.append(done)
        if done == 3:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        locate_batch(locator, photos, out, top_k=1, progress=stop_after_three)
    assert not out.exists()
    decoded: list[int] = []
    counts = locate_batch(locator, photos, out, top_k=1, progress=lambda done, total: decoded.append(done))
    assert counts == {"answered": 5, "no_evidence": 0, "failed": 0}
    assert decoded == [2, 3, 4, 5], "the first chunk is reported at once, the others are computed"
    assert pq.read_table(out)["latitude"].to_pylist() == pytest.approx([40, 41, 42, 43, 44])
    assert list(tmp_path.glob(".out*")) == []


def test_another_question_does_not_reuse_parts(locator, photos, tmp_path, monkeypatch):
    monkeypatch.setattr(batch, "CHUNK", 2)
    out = tmp_path / "out.parquet"

    def stop(done: int, total: int) -> None:
        if done == 3:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        locate_batch(locator, photos, out, region="IT", top_k=1, progress=stop)
    asked: list[int] = []
    locate_batch(locator, photos, out, top_k=1, progress=lambda done, total: asked.append(done))
    assert asked == [1, 2, 3, 4, 5], "the finished part of the other question was not taken over"
    table = pq.read_table(out).to_pylist()
    assert [row["latitude"] for row in table] == pytest.approx([40, 41, 42, 43, 44])


def test_lists_of_photos(tmp_path, photos):
    table = tmp_path / "list.csv"
    table.write_text("image,latitude\nphotos/1.jpg,0\nphotos/3.jpg,0\n")
    assert [p.name for p in list_photos(table)] == ["1.jpg", "3.jpg"]
    (tmp_path / "empty").mkdir()
    for source, says in [(tmp_path / "empty", "no photos"), (tmp_path / "none.csv", "cannot be read")]:
        with pytest.raises(QueryError, match=says):
            list_photos(source)
    table.write_text("name\nx\n")
    with pytest.raises(QueryError, match="columns"):
        list_photos(table)


def test_a_wrong_region_spoils_no_file(locator, photos, tmp_path):
    with pytest.raises(RegionError, match="Atlantis"):
        locate_batch(locator, photos, tmp_path / "out.parquet", region="Atlantis")
    assert [p.name for p in tmp_path.iterdir()] == ["photos"]


def test_a_folder_is_searched_for_photos_and_what_is_left_out_is_counted(tmp_path):
    data = placed_photo((40.0, 10.0))
    names = ["a.HIF", "b.jfif", "c.jpe", "d.mpo", "e", "IMG.0001", "~f.jpg", "in/g.JPG"]
    left = ["._a.jpg", "@eaDir/a.jpg", ".thumbnails/b.jpg", "notes.txt", "README", "in/@eaDir/g.jpg/thumb.jpg"]
    for name in names + left:
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_bytes(b"words" if name in ("notes.txt", "README") else data)
    left_out: Counter[str] = Counter()
    assert {str(path.relative_to(tmp_path)) for path in list_photos(tmp_path, left_out)} == set(names)
    assert sorted(left_out.values()) == [1, 2, 3]


@pytest.mark.skipif(sys.platform != "linux", reason="only here are names of files bytes")
def test_a_name_that_is_no_utf8_is_written_escaped(locator, tmp_path):
    folder = tmp_path / "photos"
    folder.mkdir()
    with open(os.fsencode(folder) + b"/M\xfcnchen.jpg", "wb") as stream:  # noqa: PTH123 - a path of bytes
        stream.write(placed_photo((48.1, 11.5)))
    out = tmp_path / "out.parquet"
    assert locate_batch(locator, list_photos(folder), out, top_k=1)["answered"] == 1
    assert pq.read_table(out)["photo"].to_pylist() == [f"{folder}/M\\xfcnchen.jpg"]


def test_the_table_holds_what_the_files_say(locator, tmp_path):
    folder = tmp_path / "photos"
    folder.mkdir()
    (folder / "a.jpg").write_bytes(told_photo())
    (folder / "b.jpg").write_bytes(told_photo(placed=False))
    out = tmp_path / "out.parquet"
    locate_batch(locator, list_photos(folder), out, top_k=1)
    for row, status in zip(pq.read_table(out).to_pylist(), ("answered", "no_evidence"), strict=True):
        assert row["status"] == status
        assert (row["taken_at"], row["camera"]) == ("2019-07-14T10:30:00+02:00", "Maker Model")
        assert (row["altitude_m"], row["heading_deg"], row["heading_from"]) == (35.5, 90.0, "magnetic")
        assert "magnetic north" in row["file_problems"]
