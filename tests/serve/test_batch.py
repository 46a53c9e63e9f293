from __future__ import annotations

import io
import json
import os
import random
import signal
import sys
import tarfile
from collections import Counter
from pathlib import Path

import geopandas
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from filelock import FileLock

from geoclip_core.errors import GeoclipError, QueryError, RegionError
from geoclip_core.locate.locator import Locator
from geoclip_core.serve.batch import locate_batch
from geoclip_core.serve.parts import MOST, chunks
from geoclip_core.serve.photo_list import Item, list_photos
from tests import processes
from tests.photo_files import placed_photo, told_photo
from tests.serve.batches import stopped_after, write_photos


@pytest.fixture(scope="module")
def locator(embedded_locator: Locator) -> Locator:
    return embedded_locator


def left(folder: Path) -> list[str]:
    """What a batch has left beside its result."""
    return sorted(path.name for path in folder.iterdir() if path.name.startswith("."))


@pytest.mark.parametrize("stop", [3, 20, 33])
def test_an_interrupted_batch_goes_on_and_gives_the_same_bytes(locator: Locator, tmp_path: Path, stop: int) -> None:
    photos = list_photos(write_photos(tmp_path / "photos", 40))
    whole, out = tmp_path / "whole.parquet", tmp_path / "out.parquet"
    counts = locate_batch(locator, photos, whole, top_k=1)
    with stopped_after(stop) as progress:
        locate_batch(locator, photos, out, top_k=1, progress=progress)
    assert not out.exists()
    seen: list[int] = []
    assert locate_batch(locator, photos, out, top_k=1, progress=lambda done, total: seen.append(done)) == counts
    assert counts == {"answered": 32, "no_evidence": 5, "failed": 3}
    # Whole chunks and journals are told at once; of the group that was under way, up to 16 photos are done again.
    assert len(seen) <= 40 - stop + 16 + 4, "what was finished is not done again"
    assert seen[-1] == 40
    assert out.read_bytes() == whole.read_bytes()
    assert left(tmp_path) == []


def test_a_torn_line_and_an_empty_part_are_made_again(locator: Locator, tmp_path: Path) -> None:
    photos = list_photos(write_photos(tmp_path / "photos", 20))
    whole, out = tmp_path / "whole.parquet", tmp_path / "out.parquet"
    locate_batch(locator, photos, whole, top_k=1)
    with stopped_after(18) as progress:
        locate_batch(locator, photos, out, top_k=1, progress=progress)
    for journal in (tmp_path / ".out.parquet.parts").glob("*.jsonl"):
        journal.write_bytes(journal.read_bytes()[:-7])
        journal.with_suffix(".parquet").write_bytes(b"")
    locate_batch(locator, photos, out, top_k=1)
    assert out.read_bytes() == whole.read_bytes()


@pytest.mark.slow
def test_a_longer_list_goes_on_with_what_is_there(locator: Locator, tmp_path: Path) -> None:
    """Also where the new photos stand in the middle."""
    folder = write_photos(tmp_path / "photos", 300, plain=100)
    out = tmp_path / "out.parquet"
    cut = [len(chunk.items) for chunk in chunks(list_photos(folder), "")]
    with stopped_after(299) as progress:
        locate_batch(locator, list_photos(folder), out, top_k=1, progress=progress)
    (folder / "0000b.jpg").write_bytes(placed_photo((1.0, 2.0)))
    seen: list[int] = []
    locate_batch(locator, list_photos(folder), out, top_k=1, progress=lambda done, total: seen.append(done))
    assert len(seen) <= cut[0] + cut[-1] + len(cut) + 1, "only the chunk that has changed was done again"
    assert pq.read_table(out)["photo"].to_pylist()[1].endswith("0000b.jpg")


def test_two_lists_on_one_result_keep_each_other_s_parts(locator: Locator, tmp_path: Path) -> None:
    out = tmp_path / "out.parquet"
    one, other = (list_photos(write_photos(tmp_path / name, 20)) for name in ("a", "b"))
    with stopped_after(17) as progress:
        locate_batch(locator, one, out, top_k=1, progress=progress)
    locate_batch(locator, other, out, top_k=1)
    assert "/b/" in pq.read_table(out)["photo"][0].as_py()
    seen: list[int] = []
    locate_batch(locator, one, out, top_k=1, progress=lambda done, total: seen.append(done))
    assert len(seen) <= 20 - 17 + 16, "what was finished is not done again"
    assert "/a/" in pq.read_table(out)["photo"][0].as_py()
    with stopped_after(17) as progress:
        locate_batch(locator, one, out, top_k=2, progress=progress)
    assert locate_batch(locator, one, out, top_k=1)["answered"] > 0, "another question does not take them over"


def test_two_runs_on_one_result_refuse_each_other(locator: Locator, tmp_path: Path) -> None:
    photos = list_photos(write_photos(tmp_path / "photos", 2))
    with FileLock(tmp_path / ".out.csv.lock"), pytest.raises(GeoclipError, match="Another batch"):
        locate_batch(locator, photos, tmp_path / "out.csv")
    assert locate_batch(locator, photos, tmp_path / "out.csv")["answered"] == 2


def test_what_is_no_result_is_not_overwritten_and_wrong_settings_write_nothing(
    locator: Locator, tmp_path: Path
) -> None:
    photos = list_photos(write_photos(tmp_path / "photos", 2))
    (tmp_path / "mine.csv").write_text("a,b\n1,2\n")
    pq.write_table(pa.table({"a": [1]}), tmp_path / "mine.parquet")
    (tmp_path / "folder.parquet").mkdir()
    for name, says in [
        ("mine.csv", "no result"),
        ("mine.parquet", "no result"),
        ("folder.parquet", "is a folder"),
        ("out.xlsx", "no known format"),
    ]:
        with pytest.raises(QueryError, match=says):
            locate_batch(locator, photos, tmp_path / name)
    with pytest.raises(RegionError, match="Atlantis"):
        locate_batch(locator, photos, tmp_path / "out.parquet", region="Atlantis")
    assert left(tmp_path) == []
    for suffix in ("csv", "parquet", "geojson"):
        for _ in range(2):
            locate_batch(locator, photos, tmp_path / f"out.{suffix}")


def test_the_same_rows_in_every_format_are_read_by_geopandas(locator: Locator, tmp_path: Path) -> None:
    photos = list_photos(write_photos(tmp_path / "photos", 12))
    tables = {}
    for suffix in ("parquet", "geojson", "csv"):
        locate_batch(locator, photos, tmp_path / f"out.{suffix}", top_k=2)
    tables["parquet"] = geopandas.read_parquet(tmp_path / "out.parquet")
    tables["geojson"] = geopandas.read_file(tmp_path / "out.geojson")
    tables["csv"] = geopandas.read_file(tmp_path / "out.csv")
    first = tables["parquet"]
    assert first.crs == "OGC:CRS84"
    for table in tables.values():
        assert list(table["photo"]) == list(first["photo"])
        assert [float(x) for x in table["probability"][:3]] == list(first["probability"][:3])
    assert [point is None for point in first.geometry[-3:]] == [False, True, False]
    assert (first.geometry[0].y, first.geometry[0].x) == (first.latitude[0], first.longitude[0])
    assert list(tables["geojson"].geometry[:3]) == list(first.geometry[:3])


def test_lists_of_photos(tmp_path: Path) -> None:
    folder = write_photos(tmp_path / "photos", 4)
    (folder / "sub").mkdir()
    (folder / "sub" / "x.jpg").write_bytes(placed_photo((1.0, 2.0)))
    (tmp_path / "list.csv").write_text("image,latitude\nphotos/0001.jpg,0\nphotos/0003.jpg,0\n")
    pq.write_table(pa.table({"photo": ["photos/0002.jpg", None]}), tmp_path / "list.parquet")
    with tarfile.open(tmp_path / "s-0.tar", "w") as shard:
        shard.add(folder / "0001.jpg", "k1.jpg")
        note = tarfile.TarInfo("k1.json")
        note.size = 2
        shard.addfile(note, io.BytesIO(b"{}"))
        shard.add(folder / "0003.jpg", "k3.jpg")

    def names(*sources: Path | str) -> list[str]:
        return [Path(item.name).name for item in list_photos(sources)]

    assert names(tmp_path / "list.csv") == ["0001.jpg", "0003.jpg"]
    assert names(tmp_path / "list.parquet") == ["0002.jpg"]
    assert names(f"{folder}/*[13].jpg", tmp_path / "list.parquet") == ["0001.jpg", "0003.jpg", "0002.jpg"]
    assert names(folder) == ["0000.jpg", "0001.jpg", "0002.jpg", "0003.jpg", "x.jpg"]
    assert names(f"{tmp_path}/s-*.tar") == names(tmp_path / "s-0.tar") == ["k1.jpg", "k3.jpg"]
    (tmp_path / "empty").mkdir()
    (tmp_path / "bad.csv").write_text("name\nx\n")
    (tmp_path / "bad.tar").write_bytes(b"x" * 2000)
    for source, says in [("empty", "no photos"), ("none.csv", "cannot be read"), ("bad.csv", "columns")]:
        with pytest.raises(QueryError, match=says):
            list_photos(tmp_path / source)
    with pytest.raises(QueryError, match=r"bad.tar"):
        list_photos(tmp_path / "bad.tar")


def test_photos_of_shards_are_answered(locator: Locator, tmp_path: Path) -> None:
    with tarfile.open(tmp_path / "s.tar", "w") as shard:
        for number in range(3):
            data = placed_photo((50.0 + number, 8.0))
            member = tarfile.TarInfo(f"{number}.jpg")
            member.size = len(data)
            shard.addfile(member, io.BytesIO(data))
    assert locate_batch(locator, list_photos(tmp_path / "s.tar"), tmp_path / "out.csv", top_k=1)["answered"] == 3


def test_a_list_of_any_length_is_cut_by_its_names_alone() -> None:
    items = [Item(f"{number}.jpg", "") for number in range(20_000)]
    whole = list(chunks(iter(items), "x"))
    assert [item for chunk in whole for item in chunk.items] == items
    assert max(len(chunk.items) for chunk in whole) <= MOST
    keys = {chunk.key for chunk in whole}
    more = {chunk.key for chunk in chunks([*items[:7000], Item("new.jpg", ""), *items[7000:]], "x")}
    assert len(keys - more) <= 2
    assert not keys & {chunk.key for chunk in chunks(items, "y")}


def test_a_folder_is_searched_for_photos_and_what_is_left_out_is_counted(tmp_path: Path) -> None:
    data = placed_photo((40.0, 10.0))
    names = ["a.HIF", "b.jfif", "c.jpe", "d.mpo", "e", "IMG.0001", "~f.jpg", "in/g.JPG"]
    others = ["._a.jpg", "@eaDir/a.jpg", ".thumbnails/b.jpg", "notes.txt", "README", "in/@eaDir/g.jpg/thumb.jpg"]
    for name in names + others:
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_bytes(b"words" if name in ("notes.txt", "README") else data)
    left_out: Counter[str] = Counter()
    found = list(list_photos(tmp_path, left_out))
    assert {str(Path(item.path).relative_to(tmp_path)) for item in found} == set(names)
    assert sorted(left_out.values()) == [1, 2, 3]


@pytest.mark.skipif(sys.platform != "linux", reason="only here are names of files bytes")
def test_a_name_that_is_no_utf8_is_written_escaped(locator: Locator, tmp_path: Path) -> None:
    folder = tmp_path / "photos"
    folder.mkdir()
    with open(os.fsencode(folder) + b"/M\xfcnchen.jpg", "wb") as stream:  # noqa: PTH123 - a path of bytes
        stream.write(placed_photo((48.1, 11.5)))
    out = tmp_path / "out.parquet"
    assert locate_batch(locator, list_photos(folder), out, top_k=1)["answered"] == 1
    assert pq.read_table(out)["photo"].to_pylist() == [f"{folder}/M\\xfcnchen.jpg"]


def test_the_table_holds_what_the_files_say(locator: Locator, tmp_path: Path) -> None:
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


@pytest.mark.slow
def test_kills_at_any_moment_change_no_byte(locator: Locator, tmp_path: Path) -> None:
    """Ten times: while photos are located and while the table is written."""
    folder = write_photos(tmp_path / "photos", 400, plain=250)
    whole, out = tmp_path / "whole.parquet", tmp_path / "out.parquet"
    locate_batch(locator, list_photos(folder), whole, top_k=2)
    command, said, moments = ["-m", "tests.serve.run_batch", str(folder), str(out)], tmp_path / "said", random.Random(0)
    for _ in range(10):
        process = processes.start([*command, str(moments.uniform(0.001, 0.4))], said)
        process.join(300)
        assert process.exitcode == -signal.SIGALRM, said.read_text()
    assert processes.run(command, said) == 0
    assert out.read_bytes() == whole.read_bytes()
    rows = json.loads(geopandas.read_parquet(out).drop(columns="geometry").to_json())
    assert len(set(rows["photo"].values())) == 400
