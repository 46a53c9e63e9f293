"""Pairs and sample views written to folders, and the run that is configured in overhead.yaml."""

from __future__ import annotations

import csv
import io
from functools import partial
from pathlib import Path

import numpy as np
import pytest
import yaml  # type: ignore[import-untyped]  # comes with lightning
from PIL import Image
from typer.testing import CliRunner

from geoclip_core.earth.distance import great_circle_km
from geoclip_core.errors import GeoclipError
from geoclip_core.learning.overhead.augment import ViewAugmentation
from geoclip_core.learning.overhead.sampling import Sampling, ViewSampler
from training import make_overhead

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def raster(tmp_path: Path) -> Path:
    rgb = np.random.default_rng(0).integers(0, 256, (64, 128, 3), dtype=np.uint8)
    Image.fromarray(rgb).save(tmp_path / "planet.png")
    return tmp_path / "planet.png"


def contents(folder: Path) -> dict[str, bytes]:
    return {str(p.relative_to(folder)): p.read_bytes() for p in sorted(folder.rglob("*")) if p.is_file()}


@pytest.mark.slow
def test_a_broken_off_run_goes_on_and_ends_like_an_undisturbed_one(
    tmp_path: Path, raster: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(make_overhead, "BLOCK", 5)
    monkeypatch.setattr(make_overhead, "ViewSampler", partial(ViewSampler, height=360))  # a finer one takes longer
    whole, broken = tmp_path / "whole", tmp_path / "broken"
    assert make_overhead.write_pairs(whole, raster, 12, 16, Sampling(), 7, ViewAugmentation()) == 12
    cut, calls = make_overhead._image, []

    def failing(*args: object) -> Image.Image:
        calls.append(1)
        if len(calls) == 8:
            raise KeyboardInterrupt
        return cut(*args)  # type: ignore[arg-type]

    monkeypatch.setattr(make_overhead, "_image", failing)
    with pytest.raises(KeyboardInterrupt):
        make_overhead.write_pairs(broken, raster, 12, 16, Sampling(), 7, ViewAugmentation())
    assert not (broken / "pairs.csv").exists()
    monkeypatch.setattr(make_overhead, "_image", cut)
    assert (
        make_overhead.write_pairs(broken, raster, 12, 16, Sampling(), 7, ViewAugmentation()) == 7
    )  # the first block of 5 was whole
    assert contents(broken) == contents(whole)
    rows = list(csv.DictReader(io.StringIO((whole / "pairs.csv").read_text(encoding="utf-8"))))
    assert len(rows) == 12
    assert all((whole / "images" / row["image"]).is_file() for row in rows)
    assert make_overhead.write_pairs(whole, raster, 12, 16, Sampling(), 7, ViewAugmentation()) == 0
    with pytest.raises(GeoclipError, match="other settings"):
        make_overhead.write_pairs(whole, raster, 12, 16, Sampling(), 8, ViewAugmentation())
    plain = tmp_path / "plain"
    command = ("pairs", "--raster", str(raster), "--count", "12", "--size", "16", "--seed", "7")
    for arguments in ((str(plain), "--plain"), (str(tmp_path / "changed"),)):
        done = CliRunner().invoke(make_overhead.app, [*command, *arguments])
        assert done.exit_code == 0, done.output
        assert "12 pairs, 12 of them written now" in done.output
    there, here = contents(plain), contents(tmp_path / "changed")
    assert there["pairs.csv"] == here["pairs.csv"]
    changed = [there[name] != here[name] for name in there if name.startswith("images")]
    assert 6 <= sum(changed) < 12  # a quarter stays as it was cut


def test_the_sample_views_are_small_true_and_kept_out_of_training() -> None:
    folder = ROOT / "assets" / "samples"
    rows = list(csv.DictReader(io.StringIO((folder / "samples.csv").read_text(encoding="utf-8"))))
    assert [row["file"] for row in rows] == [sample[0] for sample in make_overhead.SAMPLES]
    settings = yaml.safe_load((ROOT / "training" / "configs" / "overhead.yaml").read_text(encoding="utf-8"))
    sampling = settings["data"]["source"]["init_args"]["sampling"]
    for row in rows:
        assert (folder / row["file"]).stat().st_size < 100_000
        with Image.open(folder / row["file"]) as image:
            assert image.size == (512, 512)
        place = (float(row["latitude"]), float(row["longitude"]))
        assert great_circle_km(sampling["kept_out"], place).min() == 0
    assert sampling["kept_out_km"] >= 150


def test_samples_and_cells_are_written_by_their_commands(tmp_path: Path, raster: Path) -> None:
    done = CliRunner().invoke(make_overhead.app, ["samples", str(tmp_path / "samples"), "--raster", str(raster)])
    assert done.exit_code == 0, done.output
    there = (ROOT / "assets" / "samples" / "samples.csv").read_text(encoding="utf-8")
    assert (tmp_path / "samples" / "samples.csv").read_text(encoding="utf-8") == there
    assert len(list((tmp_path / "samples").glob("*.jpg"))) == len(make_overhead.SAMPLES)
    done = CliRunner().invoke(make_overhead.app, ["cells", str(tmp_path / "cells.npy")])
    assert done.exit_code == 0, done.output
    shipped = np.load(ROOT / "assets" / "weights" / "overhead" / "gallery.npy")
    assert np.array_equal(np.unique(np.load(tmp_path / "cells.npy"), axis=0), shipped)
