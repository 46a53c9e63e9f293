"""The command line as a person runs it: in a process of its own, exit codes included."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
import pytest
from PIL import Image

from geoclip_core.files import cache_folder

ROOT = Path(__file__).resolve().parents[1]


def run(*arguments: str | Path, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "geoclip_core", *map(str, arguments)],
        cwd=ROOT,
        env={**os.environ, "GEOCLIP_CLIP": "", **environment},
        capture_output=True,
        text=True,
        timeout=300,
    )


def test_locate_prints_places():
    done = run("locate", "--text", "Pyramids of Giza", "--model", "embedded")
    assert done.returncode == 0, done.stderr
    first = next(line for line in done.stdout.splitlines() if line.startswith(" 1."))
    assert "Egypt" in first
    assert done.stdout.startswith("embedded:")


def test_locate_as_json_with_a_geotiff(tmp_path):
    raster = tmp_path / "world.tif"
    done = run("locate", "--text", "Boston", "--model", "embedded", "--json", "--region", "US", "--geotiff", raster)
    assert done.returncode == 0, done.stderr
    answer = json.loads(done.stdout)
    assert answer["model"] == "embedded"
    assert answer["region"] == "United States"
    assert answer["candidates"][0]["country_code"] == "US"
    assert raster.stat().st_size > 1000


@pytest.mark.parametrize(
    ("arguments", "code", "says"),
    [
        (("locate", "--text", "asdf qwerty zxcv", "--model", "embedded"), 1, "No place recognised"),
        (("locate", "missing.jpg", "--model", "embedded"), 1, "There is no file"),
        (("locate", "--model", "embedded"), 2, "Neither a photo nor a text"),
        (("locate", "--text", "Boston", "--region", "Atlantis", "--model", "embedded"), 2, "Atlantis"),
        (("locate", "--top-k", "many"), 2, "top-k"),
        (("locate", "--text", "x", "--model", "gpt"), 1, "no model called"),
        (("embed", "missing.csv", "--out", "x.npy"), 1, "missing.csv"),
        (("batch", "missing", "--out", "x.parquet"), 2, "missing"),
    ],
)
def test_what_cannot_be_answered_says_why(arguments, code, says):
    done = run(*arguments)
    assert done.returncode == code, done.stderr
    assert says in done.stderr
    assert "Traceback" not in done.stderr
    assert not (ROOT / "x.npy").exists()
    assert not (ROOT / "x.parquet").exists()


def test_missing_weights_list_where_was_looked(tmp_path):
    done = run("weights", "where", HF_HUB_CACHE=str(tmp_path), HOME=str(tmp_path), GEOCLIP_CACHE=str(cache_folder()))
    assert done.returncode == 1
    for words in ("Looked in", "weights fetch", "GEOCLIP_CLIP", "embedded"):
        assert words in done.stderr


def test_weights_list():
    done = run("weights", "list")
    assert done.returncode == 0
    for words in ("geoclip:", "embedded:", "MIT", "94b80ae3af89fca7", "50.65"):
        assert words in done.stdout


def test_embed_keeps_the_order_of_rows(tmp_path):
    table = tmp_path / "points.csv"
    table.write_text("name,lat,lon\nGiza,29.979,31.134\nBoston,42.36,-71.06\n")
    done = run("embed", table, "--out", tmp_path / "emb.npy")
    assert done.returncode == 0, done.stderr
    vectors = np.load(tmp_path / "emb.npy")
    assert vectors.shape == (2, 512)
    assert vectors.dtype == np.float32

    from geoclip_core import LocationEncoder

    expected = LocationEncoder.from_pretrained()([[29.979, 31.134], [42.36, -71.06]]).numpy()
    np.testing.assert_allclose(vectors, expected, atol=1e-5)


@pytest.mark.parametrize(
    ("content", "says"),
    [
        ("a,b\n1,2\n", "columns"),
        ("lat,lon\n", "no rows"),
        ("lat,lon\n1,x\n", "line 2"),
        ("lat,lon\n120,10\n", "swapped"),
        ("lat,lon\n120,200\n", "not a point on Earth"),
    ],
)
def test_embed_refuses_bad_tables(tmp_path, content, says):
    table = tmp_path / "points.csv"
    table.write_text(content)
    done = run("embed", table, "--out", tmp_path / "emb.npy")
    assert done.returncode == 1
    assert says in done.stderr
    assert sorted(p.name for p in tmp_path.iterdir()) == ["points.csv"]


def test_batch_lists_answers_and_failures(tmp_path):
    photos = tmp_path / "photos"
    photos.mkdir()
    plain = Image.new("RGB", (64, 48), (20, 60, 20))
    plain.save(photos / "a_blank.jpg")
    exif = Image.Exif()
    exif.get_ifd(0x8825).update({1: "N", 2: (29.979, 0.0, 0.0), 3: "E", 4: (31.134, 0.0, 0.0)})
    plain.save(photos / "b_giza.jpg", exif=exif)
    (photos / "c_broken.jpg").write_bytes(b"\xff\xd8 not a photo")
    out = tmp_path / "places.parquet"
    done = run("batch", photos, "--out", out, "--model", "embedded", "--top-k", "1")
    assert done.returncode == 0, done.stderr
    assert "1 answered, 1 no evidence, 1 failed" in done.stdout
    rows = pq.read_table(out).to_pylist()
    assert [Path(row["photo"]).name for row in rows] == ["a_blank.jpg", "b_giza.jpg", "c_broken.jpg"]
    assert rows[1]["country_code"] == "EG"
    assert rows[0]["problem"].startswith("No evidence")
    assert [p.name for p in tmp_path.iterdir() if p.name.startswith(".")] == []
