from __future__ import annotations

import json
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from typer.testing import CliRunner

from geoclip_core.errors import CacheError, CoordinateError, MissingDependencyError, QueryError, WeightsError
from geoclip_core.evidence.source import Evidence, from_points, from_vectors
from geoclip_core.locate.gallery import load_gallery, load_sample
from geoclip_core.locate.large import build, sample
from geoclip_core.locate.large.build import build_gallery
from geoclip_core.locate.large.folder import open_gallery
from geoclip_core.locate.load import load_locator
from geoclip_core.locate.posterior import posterior
from geoclip_core.locate.query import Query
from geoclip_core.model.encode import encode_points
from geoclip_core.model.location_encoder import LocationEncoder
from tests.conftest import SmallClip
from tests.locate.clip_model import write_clip_model

SCALE = 160.0


def small_encoder(seed: int = 0) -> LocationEncoder:
    with torch.random.fork_rng():
        torch.manual_seed(seed)
        return LocationEncoder((1.0, 4.0), rows=16, width=32, dim=16).eval().requires_grad_(False)


def some_points(count: int, seed: int = 0) -> np.ndarray[Any, Any]:
    rng = np.random.default_rng(seed)
    return np.stack([np.degrees(np.arcsin(rng.uniform(-1, 1, count))), rng.uniform(-180, 180, count)], axis=1)


@pytest.fixture(scope="module")
def points() -> np.ndarray[Any, Any]:
    return some_points(3000)


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory, points: np.ndarray[Any, Any]) -> Path:
    """A gallery with vectors in four shards, and an index."""
    pytest.importorskip("faiss")
    place = tmp_path_factory.mktemp("large")
    build_gallery(small_encoder(), points, place, shard=900)
    build_gallery(small_encoder(), points, place, "approximate", shard=900)
    return place


def test_exact_search_finds_what_one_product_finds(made: Path, points: np.ndarray[Any, Any]) -> None:
    asked = encode_points(small_encoder(), some_points(7, seed=1))
    large = open_gallery(made, small_encoder())
    assert [len(shard) for shard in large.shards] == [900, 900, 900, 300]
    assert large.exact is not None
    found = large.exact.search(asked, 50)
    best, rows = torch.topk(asked @ encode_points(small_encoder(), points).T, 50)
    torch.testing.assert_close(torch.from_numpy(found.cosines), best, atol=1e-3, rtol=0)  # half precision
    assert np.mean([len(set(a) & set(b)) / 50 for a, b in zip(found.rows, rows.numpy(), strict=True)]) > 0.97
    assert (np.diff(found.cosines) <= 0).all()
    every = large.exact.search(asked, 5000)
    assert np.array_equal(np.sort(every.rows), np.tile(np.arange(3000), (7, 1)))


def test_the_index_finds_nearly_all_of_them_with_their_true_cosines(made: Path) -> None:
    asked = encode_points(small_encoder(), some_points(40, seed=2))
    large = open_gallery(made, small_encoder())
    assert large.exact is not None
    exact, near = large.exact.search(asked, 20), large.search.search(asked, 20)
    assert np.mean([len(set(a) & set(b)) / 20 for a, b in zip(exact.rows, near.rows, strict=True)]) > 0.9
    assert (np.diff(near.cosines) <= 0).all()
    true = torch.stack([large.exact.vectors(rows) @ one for rows, one in zip(near.rows, asked, strict=True)])
    torch.testing.assert_close(torch.from_numpy(near.cosines), true, atol=1e-6, rtol=0)


def test_an_index_alone_answers_as_one_beside_the_vectors(
    made: Path, tmp_path: Path, points: np.ndarray[Any, Any]
) -> None:
    build_gallery(small_encoder(), points, tmp_path, "approximate", shard=900)
    alone = open_gallery(tmp_path, small_encoder())
    assert alone.exact is None
    assert sorted(path.name for path in tmp_path.iterdir()) == ["index.faiss", "points.npy", "record.json"]
    asked = encode_points(small_encoder(), some_points(10, seed=3))
    both = open_gallery(made, small_encoder()).search.search(asked, 20), alone.search.search(asked, 20)
    assert np.mean([len(set(a) & set(b)) / 20 for a, b in zip(both[0].rows, both[1].rows, strict=True)]) > 0.9


def test_a_build_goes_on_where_it_was_killed(tmp_path: Path, points: np.ndarray[Any, Any]) -> None:
    class KilledError(Exception):
        pass

    def kill(done: int, _: int) -> None:
        if done > 1800:
            raise KilledError

    with pytest.raises(KilledError):
        build_gallery(small_encoder(), points, tmp_path, progress=kill, shard=900)
    with pytest.raises(WeightsError, match="cannot be read as a record"):
        open_gallery(tmp_path, small_encoder())
    done = {path.name: path.stat().st_mtime_ns for path in tmp_path.glob("vectors-*.npy")}
    assert len(done) == 2
    told: list[int] = []
    build_gallery(small_encoder(), points, tmp_path, progress=lambda n, _: told.append(n), shard=900)
    assert told[:2] == [900, 1800]  # finished shards at one stroke
    assert {name: (tmp_path / name).stat().st_mtime_ns for name in done} == done
    assert len(open_gallery(tmp_path, small_encoder())) == 3000
    build_gallery(small_encoder(), points[:1000], tmp_path, shard=900)  # another gallery leaves nothing of this one
    assert len(open_gallery(tmp_path, small_encoder())) == 1000
    assert len(list(tmp_path.glob("vectors-*.npy"))) == 2


def test_bfloat16_makes_nearly_the_same_vectors(tmp_path: Path) -> None:
    build_gallery(small_encoder(), some_points(100), tmp_path, precision="bfloat16")
    large = open_gallery(tmp_path, small_encoder())
    whole = encode_points(small_encoder(), some_points(100))
    near = torch.nn.functional.cosine_similarity(torch.from_numpy(large.shards[0]).float(), whole)
    assert 0.99 < float(near.min()) < float(near.mean()) < 1
    with pytest.raises(QueryError, match="float32 or bfloat16"):
        build_gallery(small_encoder(), some_points(100), tmp_path, precision="float8")


def test_what_cannot_be_used_is_said(made: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(WeightsError, match=r"another location encoder.*python -m geoclip_core gallery"):
        open_gallery(made, small_encoder(seed=1))
    with pytest.raises(WeightsError, match="cannot be read as a record"):
        open_gallery(tmp_path, small_encoder())
    with pytest.raises(QueryError, match="exact or approximate"):
        build_gallery(small_encoder(), some_points(10), tmp_path, "rough")
    with pytest.raises(CoordinateError, match="points from 0"):
        build_gallery(small_encoder(), np.array([[91.0, 0.0]]), tmp_path)
    build_gallery(small_encoder(), some_points(10), tmp_path)
    (shard,) = tmp_path.glob("vectors-*.npy")
    data = bytearray(shard.read_bytes())
    data[-7] ^= 1
    shard.write_bytes(data)
    with pytest.raises(WeightsError, match=r"vectors-00000.* is damaged"):
        open_gallery(tmp_path, small_encoder())
    monkeypatch.setitem(sys.modules, "faiss", None)
    with pytest.raises(MissingDependencyError, match=r"needs the package faiss.*geoclip-core\[faiss\]"):
        build_gallery(small_encoder(), some_points(10), tmp_path / "new", "approximate")
    assert not (tmp_path / "new").exists()
    with pytest.raises(MissingDependencyError):
        _ = open_gallery(made, small_encoder()).search


def test_a_full_disk_leaves_what_is_finished(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, points: np.ndarray[Any, Any]
) -> None:
    write = build.write_rows

    def full(path: Path, dtype: Any, shape: tuple[int, ...], blocks: Any) -> None:
        if "00002" in path.name:
            raise OSError(28, "No space left on device")
        write(path, dtype, shape, blocks)

    monkeypatch.setattr(build, "write_rows", full)
    with pytest.raises(CacheError, match=r"No space left on device.*make room.*what is finished is kept"):
        build_gallery(small_encoder(), points, tmp_path, shard=900)
    assert len(list(tmp_path.glob("vectors-*"))) == 2
    assert not list(tmp_path.glob(".*.part"))


def photo_like(kind: str = "visual", seed: int = 5) -> tuple[Evidence, ...]:
    """A vector near those of one place, with noise."""
    vector = encode_points(small_encoder(), some_points(1, seed))
    noise = torch.randn(vector.shape, generator=torch.Generator().manual_seed(seed))
    return from_vectors(kind, "a photo", vector + 0.1 * noise)


def cells(latlon: np.ndarray[Any, Any], mass: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
    at = np.floor((latlon[:, 0] + 90) / 15).astype(int) * 24 + np.floor((latlon[:, 1] + 180) / 15).astype(int)
    return np.bincount(at, mass, 13 * 24)


@pytest.mark.parametrize("several", [False, True])
def test_an_answer_is_that_of_all_points(made: Path, monkeypatch: pytest.MonkeyPatch, several: bool) -> None:
    """Head and sample together are close to comparing with every point, and far closer than the sample alone."""
    monkeypatch.setattr(sample, "SAMPLE_POINTS", 1000)
    monkeypatch.setattr(sample.LargerGallery.head, "__defaults__", (300,))
    encoder = small_encoder()
    large = open_gallery(made, encoder)
    query = Query((*photo_like(), *(photo_like("text", seed=5) if several else ())))
    whole = load_gallery(encoder, large.latlon.astype(np.float64))
    gallery = load_sample(large)
    assert gallery.larger is not None
    assert "of" in gallery.key
    true = posterior(query, whole, encoder, SCALE)
    both = posterior(query, gallery, encoder, SCALE)
    alone = posterior(query, replace(gallery, larger=None), encoder, SCALE)
    assert both.probability.sum() == pytest.approx(1)
    away = [
        np.abs(cells(p.latlon, p.probability) - cells(true.latlon, true.probability)).sum() / 2 for p in (both, alone)
    ]
    assert away[0] < 0.03
    assert away[0] < away[1] / 3
    best = true.latlon[true.probability.argmax()]
    assert np.allclose(both.latlon[both.probability.argmax()], best, atol=1e-4)


def test_the_rest_keeps_its_share(made: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sample, "SAMPLE_POINTS", 1000)
    gallery = load_sample(open_gallery(made, small_encoder()))
    assert gallery.larger is not None
    head = gallery.larger.head(Query(photo_like()), k=100)
    assert head is not None
    assert head.weights.sum() == pytest.approx(100 * 1000 / 3000)
    assert head.weights.sum() + head.rest.sum() == pytest.approx(1000)
    place = from_points("text", "a place", np.array([[10.0, 20.0]]), np.ones(1), np.full(1, 50.0))
    assert gallery.larger.head(Query((place,))) is None


def test_a_gallery_no_larger_than_the_sample_is_compared_whole(tmp_path: Path) -> None:
    build_gallery(small_encoder(), some_points(50), tmp_path)
    gallery = load_sample(open_gallery(tmp_path, small_encoder()))
    assert gallery.larger is None
    assert len(gallery) == 50


def test_a_locator_answers_with_a_gallery_made_by_the_command(
    tmp_path: Path, small_clip: SmallClip, monkeypatch: pytest.MonkeyPatch
) -> None:
    from PIL import Image

    from geoclip_core.__main__ import app

    monkeypatch.setattr(sample, "SAMPLE_POINTS", 500)
    model = write_clip_model(tmp_path / "meadow", small_clip)
    np.save(tmp_path / "points.npy", some_points(2000))
    command = ["gallery", str(tmp_path / "points.npy"), "--out", str(tmp_path / "large"), "--encoder", str(model)]
    told = CliRunner().invoke(app, command)
    assert (told.exit_code, told.stdout) == (0, f"2000 points in {tmp_path / 'large'}\n")
    locator = load_locator(str(model), gallery=tmp_path / "large")
    photo = Image.new("RGB", (40, 40), (90, 120, 60))
    answer = locator.locate(photo)
    assert not answer.calibrated
    known = np.load(tmp_path / "points.npy").astype(np.float32).astype(np.float64)
    assert np.abs(known - answer.peak_latlon).sum(axis=1).min() < 1e-4
    assert answer.peak_latlon not in [tuple(point) for point in locator.gallery.latlon]
    locator.field(answer.query)
    photo.save(tmp_path / "photo.png")
    command = ["locate", str(tmp_path / "photo.png"), "--model", str(model), "--gallery", str(tmp_path / "large")]
    shown = json.loads(CliRunner().invoke(app, [*command, "--json"]).stdout)
    assert shown["candidates"][0]["latitude"] == pytest.approx(answer.candidates[0].latlon[0])
    table = tmp_path / "out.csv"
    several = ["batch", str(tmp_path / "*.png"), "--out", str(table), *command[2:]]
    assert CliRunner().invoke(app, several).exit_code == 0
    assert f"{answer.candidates[0].latlon[0]:.3f}"[:-1] in table.read_text()
