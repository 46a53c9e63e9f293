"""Vectors of points by any location encoder, as an array or a table."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
import pytest
import torch
from typer.testing import CliRunner

from geoclip_core.__main__ import app
from geoclip_core.errors import WeightsError
from geoclip_core.model.encodings.registry import ENCODINGS, build_encoding
from geoclip_core.serve.embed import embed_csv, find_encoder

POINTS = np.array([[48.9, 2.3], [-33.9, 151.2], [0.0, -180.0]])


@pytest.fixture
def table(tmp_path: Path) -> Path:
    path = tmp_path / "points.csv"
    path.write_text("lat,lon\n" + "".join(f"{lat},{lon}\n" for lat, lon in POINTS))
    return path


@pytest.mark.parametrize("name", [*ENCODINGS, "geoclip"])
def test_every_encoder_is_called_in_one_way(name: str) -> None:
    encoder = find_encoder(name)
    with torch.no_grad():
        found = encoder(POINTS)
        assert (found.shape, found.dtype) == ((3, encoder.dim), torch.float32)
        assert torch.equal(found, find_encoder(name)(POINTS))  # random directions are the same every time


def test_parquet_and_npy_hold_the_same(table: Path, tmp_path: Path) -> None:
    done = CliRunner().invoke(
        app, ["embed", str(table), "--out", str(tmp_path / "v.parquet"), "--encoder", "sphere_c_plus"]
    )
    assert done.exit_code == 0, done.stderr
    assert embed_csv(table, tmp_path / "v.npy", encoder="sphere_c_plus") == 3
    found = pq.read_table(tmp_path / "v.parquet")
    assert found.column_names == ["latitude", "longitude", "vector"]
    vectors = np.array(found["vector"].to_pylist(), dtype=np.float32)
    assert np.array_equal(vectors, np.load(tmp_path / "v.npy"))
    assert np.array_equal(vectors, build_encoding("sphere_c_plus")(POINTS).numpy())
    assert found["longitude"].to_pylist() == POINTS[:, 1].tolist()


def test_an_unknown_encoder_is_refused_and_nothing_is_written(table: Path, tmp_path: Path) -> None:
    with pytest.raises(
        WeightsError, match=r"no location encoder 'sphere'. Allowed: geoclip, embedded, direct, .*exported on this"
    ):
        embed_csv(table, tmp_path / "v.npy", encoder="sphere")
    assert [path.name for path in tmp_path.iterdir()] == ["points.csv"]
