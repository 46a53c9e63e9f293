"""Features made once: the same as running the tower, resumable, and read where they lie."""

from __future__ import annotations

import copy
import pickle
import threading
from pathlib import Path

import numpy as np
import pytest
import torch

from geoclip_core.errors import DataError
from geoclip_core.learning.data import features as features_module
from geoclip_core.learning.data.augment import PhotoViews
from geoclip_core.learning.data.features import CachedFeatures, make_features
from geoclip_core.learning.data.photos import PhotoFolder
from geoclip_core.photo.preprocess import Preprocess
from tests.learning.conftest import Folder


@pytest.fixture
def source(folder: Folder) -> PhotoFolder:
    return PhotoFolder(folder.table, folder.photos, views=PhotoViews(3, Preprocess(28)))


def test_features_are_what_the_tower_says(source: PhotoFolder, small_clip, tmp_path: Path) -> None:
    bad = make_features(source, small_clip.image, tmp_path, tower_name="small", batch_size=5, part_rows=10, seed=4)
    assert [item.row for item in bad] == [5, 17]
    cached = CachedFeatures(str(tmp_path))
    assert [item.row for item in cached.skipped] == [5, 17]
    assert (cached.views, cached.tower, cached.preprocess) == (3, "small", Preprocess(28))
    kept = np.array([i for i in range(24) if i not in (5, 17)])
    assert np.array_equal(cached.latlon, source.latlon[kept])
    assert np.array_equal(cached.owners, source.owners[kept])
    rows = np.array([20, 3, 11, 4])
    plain, views = cached.validation_batch(rows), cached.training_batch(rows, 0, 0)
    assert torch.equal(views.latlon, torch.from_numpy(cached.latlon[rows]))
    for i, row in enumerate(rows):
        image = source.open(int(kept[row])).image
        with torch.no_grad():
            want = small_clip.image(
                torch.cat((source.views.plain(image), source.views.random(image, 4, int(kept[row]))))
            )
        assert torch.allclose(plain.inputs[i, 0], want[0], atol=1e-5)
        assert torch.allclose(views.inputs[i], want[1:], atol=1e-5)


def test_some_of_the_views_are_drawn_anew_each_epoch(source: PhotoFolder, small_clip, tmp_path: Path) -> None:
    half = copy.deepcopy(small_clip.image).bfloat16()
    make_features(source, half, tmp_path, tower_name="small", part_rows=10)
    every, some, none = (CachedFeatures(str(tmp_path), views) for views in (None, 2, 0))
    rows = np.array([0, 15, 9])
    all_views = every.training_batch(rows, 0, 0).inputs
    assert all_views.dtype == torch.bfloat16
    drawn = [some.training_batch(rows, 0, epoch).inputs for epoch in range(6)]
    assert torch.equal(drawn[0], some.training_batch(rows, 0, 0).inputs)
    assert len({tuple(part.float().flatten().tolist()) for part in drawn}) > 1
    for part in drawn:
        same = (part[:, :, None] == all_views[:, None]).all(-1)
        assert (same.sum(2) == 1).all()
        assert (same.sum(1) <= 1).all()
    assert torch.equal(none.training_batch(rows, 0, 0).inputs, every.validation_batch(rows).inputs)
    sent = pickle.loads(pickle.dumps(some))  # what a worker process gets
    assert torch.equal(sent.training_batch(rows, 0, 0).inputs, drawn[0])


def test_a_kill_loses_one_part_and_ranks_share_the_work(
    source: PhotoFolder, small_clip, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    kwargs = {"tower_name": "small", "part_rows": 6}
    save, made = features_module.save_file, []

    def killed(tensors, file):
        made.append(file.name)
        save(tensors, file)
        if len(made) == 2:
            file.write_bytes(file.read_bytes()[:100])
            raise KeyboardInterrupt

    monkeypatch.setattr(features_module, "save_file", killed)
    with pytest.raises(KeyboardInterrupt):
        make_features(source, small_clip.image, tmp_path / "a", **kwargs)
    with pytest.raises(DataError, match="3 of 4 parts"):
        CachedFeatures(str(tmp_path / "a"))
    make_features(source, small_clip.image, tmp_path / "a", **kwargs)
    assert [name.split(".")[1] for name in made] == [f"part-0000{i}" for i in (0, 1, 1, 2, 3)]
    assert not list((tmp_path / "a").glob("*.part"))
    for rank in (1, 0):
        make_features(source, small_clip.image, tmp_path / "b", rank=rank, processes=2, **kwargs)
    assert CachedFeatures(str(tmp_path / "a")).digest == CachedFeatures(str(tmp_path / "b")).digest


def test_threads_and_processes_make_the_same_features_to_the_last_bit(
    source: PhotoFolder, small_clip, tmp_path: Path
) -> None:
    kept = {"tower_name": "small", "batch_size": 5, "seed": 4}
    state = torch.random.get_rng_state()
    bad = make_features(source, small_clip.image, tmp_path / "threads", **kept, workers=0)
    assert torch.equal(torch.random.get_rng_state(), state)
    assert make_features(source, small_clip.image, tmp_path / "processes", **kept, workers=2) == bad
    threads, processes = (CachedFeatures(str(tmp_path / name)) for name in ("threads", "processes"))
    assert threads.digest == processes.digest


def test_photos_are_decoded_in_threads_ahead_of_the_tower(
    source: PhotoFolder, small_clip, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    opened: list[str] = []
    open_row = source.open
    monkeypatch.setattr(
        source, "open", lambda row: (opened.append(threading.current_thread().name), open_row(row))[1], raising=False
    )
    seen: list[int] = []
    held = small_clip.image.register_forward_pre_hook(lambda *_: seen.append(len(opened)))
    try:
        make_features(source, small_clip.image, tmp_path, tower_name="small", batch_size=2, part_rows=24)
    finally:
        held.remove()
    assert all(name.startswith("geoclip-photos") for name in opened)
    assert len(opened) == 24
    assert 2 < seen[0] < 24, "some photos are decoded before they are needed, and not all of them"


def test_features_of_different_towers_or_views_do_not_mix(source: PhotoFolder, small_clip, tmp_path: Path) -> None:
    make_features(source, small_clip.image, tmp_path, tower_name="small", part_rows=10)
    with pytest.raises(DataError, match="made with other settings: tower"):
        make_features(source, small_clip.image, tmp_path, tower_name="another", part_rows=10)
    with pytest.raises(DataError, match="holds 3 views of each photo, not 4"):
        CachedFeatures(str(tmp_path), 4)
