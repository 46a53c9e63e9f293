"""Features of any backbone become a folder that training reads; what does not fit is refused."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from geoclip_core.errors import DataError
from geoclip_core.learning.data.features import CachedFeatures
from geoclip_core.learning.data.imported.features import import_features
from tests.learning.data.layouts import places, table

COUNT, WIDTH = 12, 6
VECTORS = np.random.default_rng(0).normal(size=(COUNT, WIDTH)).astype(np.float32)


def with_table(root: Path, vectors: np.ndarray, name: str = "v.npy") -> tuple[Path, Path]:
    np.save(root / name, vectors)
    return root / name, table(root / "t.csv", ["lat", "lon"], places(len(vectors)).tolist())


def test_rows_keep_their_places_and_bad_ones_are_left_out(tmp_path: Path) -> None:
    file, _ = with_table(tmp_path, VECTORS)
    rows = places(COUNT).astype(object)
    rows[4] = ["unknown", 3]
    done = []
    pairs = import_features(
        file,
        table(tmp_path / "t.csv", ["lat", "lon"], rows.tolist()),
        tmp_path / "out",
        tower="mine unchecked",
        part_rows=5,
        progress=lambda *numbers: done.append(numbers),
    )
    assert done == [(1, 3), (2, 3), (3, 3)]
    source = CachedFeatures(str(tmp_path / "out"))
    kept = [i for i in range(COUNT) if i != 4]
    assert pairs.rows.tolist() == kept
    assert np.array_equal(source.latlon, places(COUNT)[kept])
    batch = source.training_batch(np.arange(11), 0, 0)
    assert np.array_equal(batch.inputs[:, 0].numpy(), VECTORS[kept])
    assert (source.tower, source.width, source.preprocess) == ("mine unchecked", WIDTH, None)
    assert [item.row for item in source.skipped] == [4]


def test_several_views_and_half_precision_are_kept(tmp_path: Path) -> None:
    views = np.random.default_rng(1).normal(size=(COUNT, 3, WIDTH)).astype(np.float16)
    file, places_of = with_table(tmp_path, views)
    import_features(file, places_of, tmp_path / "out", tower="mine unchecked")
    source = CachedFeatures(str(tmp_path / "out"))
    assert np.array_equal(source.training_batch(np.array([2, 5]), 0, 0).inputs.numpy(), views[[2, 5]])
    assert np.array_equal(source.validation_batch(np.array([2, 5])).inputs[:, 0].numpy(), views[[2, 5], 0])


@pytest.mark.parametrize("kind", [">f4", "f8", ">f2", np.longdouble])
def test_numbers_of_every_kind_are_taken(tmp_path: Path, kind: object) -> None:
    file, places_of = with_table(tmp_path, np.asfortranarray(VECTORS.astype(kind)))
    import_features(file, places_of, tmp_path / "out", tower="mine unchecked")
    taken = CachedFeatures(str(tmp_path / "out")).validation_batch(np.arange(COUNT)).inputs[:, 0]
    assert np.allclose(taken.numpy(), VECTORS, atol=1e-2 if kind == ">f2" else 0)


@pytest.mark.parametrize("kind", [pa.list_(pa.float32(), WIDTH), pa.large_list(pa.float64())])
def test_a_parquet_file_may_hold_features_and_places(tmp_path: Path, kind: pa.DataType) -> None:
    columns = {"embedding": pa.array(VECTORS.tolist(), kind)}
    columns |= dict(zip(("latitude", "longitude"), map(pa.array, places(COUNT).T), strict=True))
    pq.write_table(pa.table(columns), tmp_path / "a.parquet")
    import_features(tmp_path / "a.parquet", tmp_path / "a.parquet", tmp_path / "out", tower="mine unchecked")
    source = CachedFeatures(str(tmp_path / "out"))
    assert np.array_equal(source.latlon, places(COUNT))
    assert np.array_equal(source.validation_batch(np.arange(COUNT)).inputs[:, 0].numpy(), VECTORS)


@pytest.mark.parametrize(
    ("vectors", "words"),
    [
        (VECTORS[:, 0], r"float32 of shape \(12,\). Allowed: .npy of \(rows, numbers\)"),
        (VECTORS.astype(int), "int64 of shape"),
        (np.where(np.arange(COUNT)[:, None] == 7, np.nan, VECTORS), "Row 7 of .* is not finite, as are 0 more"),
    ],
)
def test_what_are_no_features_is_refused(tmp_path: Path, vectors: np.ndarray, words: str) -> None:
    file, places_of = with_table(tmp_path, vectors)
    with pytest.raises(DataError, match=words):
        import_features(file, places_of, tmp_path / "out", tower="mine unchecked")


def test_features_that_do_not_fit_are_refused(tmp_path: Path) -> None:
    file, places_of = with_table(tmp_path, VECTORS)
    short = table(tmp_path / "s.csv", ["lat", "lon"], places(5).tolist())
    with pytest.raises(DataError, match=r"v.npy holds 12 rows, and .*s.csv 5: row by row"):
        import_features(file, short, tmp_path / "out", tower="mine unchecked")
    with pytest.raises(DataError, match="holds 6 numbers per photo, and dinov2-vit-b-14 makes 768"):
        import_features(file, places_of, tmp_path / "out", tower="dinov2-vit-b-14 unchecked", width=768)
    (tmp_path / "v.txt").touch()
    for wrong, words in (("none.npy", "There is no file"), ("v.txt", "no file of features"), ("t.csv", "no file of")):
        with pytest.raises(DataError, match=words):
            import_features(tmp_path / wrong, places_of, tmp_path / "out", tower="mine unchecked")
    with (tmp_path / "z.npy").open("wb") as stream:
        np.savez(stream, VECTORS)
    with pytest.raises(DataError, match=r"z.npy holds several arrays"):
        import_features(tmp_path / "z.npy", places_of, tmp_path / "out", tower="mine unchecked")
    pq.write_table(pa.table({"a": [1], "b": [2]}), tmp_path / "b.parquet")
    with pytest.raises(DataError, match=r"no column of features; its columns are a, b"):
        import_features(tmp_path / "b.parquet", places_of, tmp_path / "out", tower="mine unchecked")
