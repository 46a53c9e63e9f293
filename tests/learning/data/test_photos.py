"""Photos from folders and shards: the same batches, and nothing skipped in silence."""

from __future__ import annotations

import csv
import io
import json
import tarfile
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from geoclip_core.errors import DataError
from geoclip_core.learning.data import shards as shards_module
from geoclip_core.learning.data.augment import PhotoViews
from geoclip_core.learning.data.manifest import Manifest
from geoclip_core.learning.data.photos import PhotoFolder
from geoclip_core.learning.data.shards import Shards, make_shards
from geoclip_core.photo.preprocess import Preprocess
from tests.learning.conftest import Folder

VIEWS = PhotoViews(2, Preprocess(16))


def listed(report: Path) -> list[str]:
    with report.open() as stream:
        return [line["row"] for line in csv.DictReader(stream)]


def test_an_unreadable_photo_is_reported_once_and_passed_over(folder: Folder, tmp_path: Path) -> None:
    source = PhotoFolder(folder.table, folder.photos, views=VIEWS, report=str(tmp_path / "skipped.csv"))
    rows = np.array([4, 5, 6, 17])
    plain = source.validation_batch(rows)
    assert plain.rows.tolist() == [4, 6]
    assert plain.inputs.shape == (2, 1, 3, 16, 16)
    batch = source.training_batch(rows, 0, 0)
    assert batch.rows.tolist() == [4, 6, 6, 6]
    assert torch.equal(batch.latlon, torch.from_numpy(source.latlon[batch.rows.numpy()]))
    assert listed(tmp_path / "skipped.csv") == ["5", "17"]
    assert source.validation_batch(np.array([5])).inputs.shape == (0, 1, 3, 16, 16)
    with pytest.raises(DataError, match=r"None of the 2 photos of a batch can be read, such as 5\.png"):
        source.training_batch(np.array([5, 17]), 0, 0)


def test_no_random_views_means_the_plain_one(folder: Folder) -> None:
    source = PhotoFolder(folder.table, folder.photos, views=PhotoViews(0, Preprocess(16)))
    rows = np.array([1, 2])
    assert torch.equal(source.training_batch(rows, 0, 0).inputs, source.validation_batch(rows).inputs)


def test_views_depend_on_seed_epoch_and_row_only(folder: Folder) -> None:
    source = PhotoFolder(folder.table, folder.photos, views=VIEWS)
    image = Image.fromarray(np.random.default_rng(0).integers(0, 255, (30, 40, 3), dtype=np.uint8))
    before = torch.random.get_rng_state()
    first, again, other = (VIEWS.random(image, 0, 1, key) for key in (2, 2, 3))
    assert torch.equal(torch.random.get_rng_state(), before)
    assert torch.equal(first, again)
    assert not torch.equal(first, other)
    assert not torch.equal(first[0], first[1])
    rows = np.array([1, 2])
    assert torch.equal(source.training_batch(rows, 0, 1).inputs, source.training_batch(rows, 0, 1).inputs)
    assert not torch.equal(source.training_batch(rows, 0, 1).inputs, source.training_batch(rows, 0, 2).inputs)


def test_views_are_normalised_as_the_model_expects() -> None:
    grey = Image.new("RGB", (40, 30), (128, 128, 128))
    plain = VIEWS.plain(grey)
    still = PhotoViews(1, Preprocess(16), jitter=0.0, grey=0.0).random(grey, 0)
    assert torch.allclose(plain, still, atol=1e-5)


def test_shards_hold_what_the_folder_holds(folder: Folder, tmp_path: Path) -> None:
    source = PhotoFolder(folder.table, folder.photos, views=VIEWS)
    bad = make_shards(source, tmp_path / "shards", part_rows=10)
    assert [item.row for item in bad] == list(folder.bad)
    assert make_shards(source, tmp_path / "shards", part_rows=10) == bad  # also of the parts that were there
    shards = Shards(str(tmp_path / "shards"), VIEWS)
    kept = np.array([i for i in range(folder.count) if i not in folder.bad])
    assert np.array_equal(shards.latlon, source.latlon[kept])
    assert np.array_equal(shards.owners, source.owners[kept])
    assert [item.row for item in shards.skipped] == list(folder.bad)
    assert shards.numbers.tolist() == kept.tolist()
    batch = shards.validation_batch(np.arange(len(kept)))
    assert torch.equal(batch.inputs, source.validation_batch(kept).inputs)
    smaller = make_shards(source, tmp_path / "small", part_rows=10, longest_side=20)
    assert len(smaller) == 2
    assert Shards(str(tmp_path / "small"), VIEWS).open(0).size == (20, 15)


def test_webdataset_reads_our_shards(folder: Folder, tmp_path: Path) -> None:
    from webdataset import autodecode, tariterators

    source = PhotoFolder(folder.table, folder.photos)
    make_shards(source, tmp_path, part_rows=100)
    with (tmp_path / "part-00000.tar").open("rb") as stream:
        files = tariterators.tar_file_expander([{"url": "shard", "stream": stream}])
        samples = list(map(autodecode.Decoder([autodecode.imagehandler("pil")]), tariterators.group_by_keys(files)))
    assert len(samples) == 22
    image, about = samples[5]["png"], samples[5]["json"]
    assert about["image"] == "6.png"
    assert about["latitude"] == pytest.approx(float(source.latlon[6, 0]))
    assert np.array_equal(np.asarray(image), np.asarray(source.open(6).image))


def test_a_photo_of_a_shard_is_called_what_it_is_in_the_tar(folder: Folder, tmp_path: Path) -> None:
    text = Path(folder.table).read_text().splitlines()
    Path(folder.table).write_text("\n".join([text[0], "gone.png,1,2,ann", *text[1:]]))  # rows and numbers differ by one
    make_shards(PhotoFolder(folder.table, folder.photos), tmp_path / "shards", part_rows=100)
    shards = Shards(str(tmp_path / "shards"), VIEWS)
    assert shards.name(6) == "part-00000.tar/000000008"  # 5 cannot be read
    with tarfile.open(tmp_path / "shards" / "part-00000.tar") as tar:
        photo, about = tar.extractfile("000000008.png"), tar.extractfile("000000008.json")
        assert photo is not None
        assert np.array_equal(np.asarray(Image.open(io.BytesIO(photo.read()))), np.asarray(shards.open(6).image))
        assert about is not None
        assert json.loads(about.read())["image"] == "7.png"


def test_a_kill_while_a_shard_is_written_loses_that_shard_only(
    folder: Folder, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    source = PhotoFolder(folder.table, folder.photos)
    write, written = shards_module._write_tar, []

    def killed(source, rows, file, longest_side):
        written.append(rows.start)
        result = write(source, rows, file, longest_side)
        if len(written) == 2:
            file.write_bytes(file.read_bytes()[:1000])
            raise KeyboardInterrupt
        return result

    monkeypatch.setattr(shards_module, "_write_tar", killed)
    with pytest.raises(KeyboardInterrupt):
        make_shards(source, tmp_path, part_rows=10)
    with pytest.raises(DataError, match=r"2 of 3 parts .* are missing or cut short, first 1.*make.* again"):
        Shards(str(tmp_path))
    make_shards(source, tmp_path, part_rows=10)
    assert written == [0, 10, 10, 20]
    assert len(Shards(str(tmp_path))) == 22
    assert Manifest.of(tmp_path).damaged() == []


def test_damage_is_found(folder: Folder, tmp_path: Path) -> None:
    source = PhotoFolder(folder.table, folder.photos)
    make_shards(source, tmp_path, part_rows=10)
    tar = tmp_path / "part-00001.tar"
    data = bytearray(tar.read_bytes())
    data[600] ^= 255
    tar.write_bytes(data)
    assert Manifest.of(tmp_path).damaged() == ["part-00001.tar"]
    tar.write_bytes(data[:-1])
    with pytest.raises(DataError, match="1 of 3 parts"):
        Shards(str(tmp_path))
    with pytest.raises(DataError, match="made with other settings: part_rows"):
        make_shards(source, tmp_path, part_rows=11)
    with pytest.raises(DataError, match="There is no folder"):
        Shards(str(tmp_path / "nowhere"))


def test_shards_are_plain_tars_that_can_be_made_by_several_processes(folder: Folder, tmp_path: Path) -> None:
    source = PhotoFolder(folder.table, folder.photos)
    make_shards(source, tmp_path / "one", part_rows=10)
    for rank in (1, 0):
        make_shards(source, tmp_path / "two", part_rows=10, rank=rank, processes=2)
    for part in range(3):
        one, two = ((tmp_path / name / f"part-{part:05d}.tar").read_bytes() for name in ("one", "two"))
        assert one == two
    with tarfile.open(fileobj=io.BytesIO(one)) as tar:
        assert tar.getnames()[:2] == ["000000020.png", "000000020.json"]


def test_a_view_is_made_with_one_thread_and_the_others_come_back(
    folder: Folder, monkeypatch: pytest.MonkeyPatch
) -> None:
    threads, used = torch.get_num_threads(), []
    normalise = Preprocess.normalise
    monkeypatch.setattr(
        Preprocess, "normalise", lambda self, pixels: used.append(torch.get_num_threads()) or normalise(self, pixels)
    )
    torch.set_num_threads(3)
    try:
        PhotoFolder(folder.table, folder.photos, views=VIEWS).training_batch(np.array([1, 2]), 0, 0)
        assert torch.get_num_threads() == 3
    finally:
        torch.set_num_threads(threads)
    assert used == [1, 1, 1, 1]
