"""The comparison: equal search, rules whose answer is right, the table, and the command killed and resumed."""

from __future__ import annotations

import json
import signal
from pathlib import Path

import numpy as np
import pytest

from geoclip_core.earth.coordinates import from_unit_vectors
from geoclip_core.earth.distance import HALF_TURN_KM, destination, disk_points
from geoclip_core.evaluation.metrics import error_km, geoguessr_score
from geoclip_core.rivals import RIVALS
from geoclip_core.rivals.cells.planet import PlaNet
from geoclip_core.rivals.comparison.known_rules import RULES, known_set
from geoclip_core.rivals.comparison.photo_sets import folder_set, overhead_set
from geoclip_core.rivals.comparison.scores import GRID_POINTS, Scores, searched_areas_km2
from geoclip_core.rivals.comparison.search import build, candidates, fit
from geoclip_core.rivals.comparison.table import scores_table
from geoclip_core.rivals.training import Training
from tests import processes

ROOT = Path(__file__).resolve().parents[3]


def test_as_many_settings_are_tried_for_every_rival() -> None:
    assert {len(candidates(name)) for name in RIVALS if name != "chance"} == {9}


@pytest.mark.parametrize("rule", RULES)
def test_the_right_answer_is_likelier_than_any_other(rule: str) -> None:
    data = known_set(rule, 400)
    assert data.right_answer is not None
    rows = np.flatnonzero(data.test)
    density, best = data.right_answer(rows)
    away = error_km(best, data.latlon[rows])
    share = {"two places": 0.5, "wrong labels": 0.7}.get(rule, 1.0)
    assert (away < 1000).mean() == pytest.approx(share, abs=0.15)
    neighbour = RIVALS["nearest"]().fit(data.features[~data.test], data.latlon[~data.test])
    assert density.mean() > neighbour.log_density_at(data.features[rows], data.latlon[rows]).mean() + 1


def test_the_area_of_a_kernel_is_the_disc_that_reaches_the_truth() -> None:
    data = known_set("scenes", 80)
    rival = RIVALS["nearest"]().fit(data.features, data.latlon)
    rows = np.arange(6)
    truth = destination(rival.predict(data.features[rows]), 70.0, [300.0, 500.0, 700.0, 900.0, 1100.0, 9000.0])
    level = rival.log_density_at(data.features[rows], truth)
    found = searched_areas_km2(rival, data, rows, truth)
    assert found.shape == (6,)
    away = error_km(rival.predict(data.features[rows]), truth)
    disc = 2 * np.pi * 6371.0088**2 * (1 - np.cos(away / 6371.0088))
    near = level > -9  # beyond, the kernel is lost in the even share
    assert found[near] == pytest.approx(disc[near], rel=0.1, abs=100_000)


def test_of_the_densest_cell_half_is_searched_until_the_truth_in_it_is_reached() -> None:
    data = known_set("two places", 80)
    rival = PlaNet(photos_per_cell=10, training=Training(steps=3)).fit(data.features, data.latlon)
    rows = np.arange(70)
    density = rival.log_density(data.features[rows], rival.system.centroids)
    best = density.argmax(axis=1)
    points = disk_points((90.0, 0.0), HALF_TURN_KM, GRID_POINTS)
    inside = (rival.system.base.locate(points) == best[:, None]).sum(axis=1)
    found = searched_areas_km2(rival, data, rows, rival.system.centroids[best])
    assert found == pytest.approx(4 * np.pi * 6371.0088**2 / GRID_POINTS * (1 + inside / 2), rel=1e-6)


def test_the_table_names_a_winner_only_where_the_interval_excludes_0() -> None:
    chance = np.random.default_rng(0)

    def runs(shift: float) -> list[Scores]:
        errors = [(base + shift).tolist() for base in chance.uniform(500, 1500, (2, 60))]
        return [Scores(e, [-1.0] * 60, [5e5] * 60, 7, 1.0, "none", ()) for e in errors]

    table = scores_table({"knn": runs(0), "planet": runs(900), "geoclip": runs(0)}, np.arange(60) // 3)
    lines = {line.split(" | ")[0].strip("| "): line for line in table.splitlines()}
    assert "**-" in lines["planet"]
    assert "**" not in lines["knn"]
    assert "| - |" in lines["geoclip"]
    assert "500,000" in lines["knn"]


@pytest.mark.slow
def test_killed_in_search_and_in_fits_and_resumed_the_command_makes_the_same_tables(tmp_path: Path) -> None:
    """The setting that takes two minutes, with fewer rivals, less data and fewer steps."""

    def command(out: str) -> list[str]:
        what = "training/rivals.py planet mvmf --sets views,rules --places 60 --photos 60 --steps 3 --seeds 2"
        return [*what.split(), "--out", str(tmp_path / out), "--table", str(tmp_path / f"{out}.md")]

    def kept(out: str) -> dict[str, bytes]:
        folder = tmp_path / out
        return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*.json")}

    def killed_after(results: int) -> dict[str, bytes]:
        process = processes.start(command("killed"), tmp_path / "said", dies=(results, "*-se*.json"))
        process.join(300)
        assert process.exitcode == -signal.SIGKILL, (tmp_path / "said").read_text()
        assert not (tmp_path / "killed.md").exists()
        return kept("killed")

    searched = killed_after(2)
    assert len(searched) == 2
    assert all("-search-" in name for name in searched)
    fitted = killed_after(9)  # the other seven settings and two fits of the first rival
    assert len(fitted) == 11
    assert any("-seed0-" in name for name in fitted)
    assert processes.run(command("killed"), tmp_path / "said") == 0
    assert processes.run(command("whole"), tmp_path / "said") == 0
    tables = [_without_seconds((tmp_path / f"{out}.md").read_text()) for out in ("killed", "whole")]
    assert tables[0] == tables[1]
    for part in ("views from above: ", "| planet |", "learning_rate", "right answer"):
        assert part in tables[0]
    found = kept("killed")
    assert found.keys() == kept("whole").keys()
    assert (
        len(found) == 38 == 2 * (9 + 2) + 4 * 2 * 2
    )  # two rivals: nine settings and two seeds; four sets of made data
    assert all(found[name] == content for name, content in (searched | fitted).items())


def _without_seconds(text: str) -> str:
    """Tables without the processor's seconds, which no two runs have in common."""
    tables = [line.split(" | ") for line in text.splitlines()]
    at = next(row.index("seconds") for row in tables if "seconds" in row)
    return "\n".join(" | ".join(row[:at] + row[at + 1 :]) if len(row) > at + 1 else " | ".join(row) for row in tables)


@pytest.mark.slow
def test_a_users_features_are_split_and_compared(tmp_path: Path) -> None:
    import torch
    from PIL import Image
    from torch import nn

    from geoclip_core.learning.data.augment import PhotoViews
    from geoclip_core.learning.data.features import make_features
    from geoclip_core.learning.data.photos import PhotoFolder
    from geoclip_core.photo.preprocess import Preprocess
    from training import rivals

    chance = np.random.default_rng(0)
    latlon = from_unit_vectors(chance.normal(size=(60, 3)))
    lines = ["image,latitude,longitude,owner"]
    for number, (lat, lon) in enumerate(latlon):
        colour = tuple(int(v) for v in (127 + lat, 127 + lon * 0.7, 40))
        Image.new("RGB", (16, 16), colour).save(tmp_path / f"{number}.png")
        lines.append(f"{number}.png,{lat},{lon},{number // 3}")
    (tmp_path / "photos.csv").write_text("\n".join(lines))
    source = PhotoFolder(str(tmp_path / "photos.csv"), str(tmp_path), views=PhotoViews(0, Preprocess(16)))
    torch.manual_seed(0)
    tower = nn.Sequential(nn.AvgPool2d(16), nn.Flatten(), nn.Linear(3, 8))
    make_features(source, tower, tmp_path / "features", tower_name="mean colour")
    data = folder_set(tmp_path / "features", "photographer")
    assert not set(data.groups[data.test]) & set(data.groups[~data.test])
    rivals.main(
        ["knn", "planet"],
        sets="folder",
        features=tmp_path / "features",
        split_by="photographer",
        steps=4,
        seeds=3,
        out=tmp_path / "out",
        table=tmp_path / "table.md",
        picture=tmp_path / "scores.svg",
    )
    text = (tmp_path / "table.md").read_text()
    assert "photos, split by photographer: " in text
    assert "| knn |" in text
    assert (tmp_path / "scores.svg").read_text().startswith("<svg")
    kept = [json.loads(path.read_text()) for path in (tmp_path / "out").rglob("planet-search-*.json")]
    assert len(kept) == 9


@pytest.mark.slow
@pytest.mark.parametrize("name", [name for name in RIVALS if name not in ("chance", "prior")])
def test_held_out_regions_of_views_from_above_are_placed_far_better_than_by_the_prior(name: str) -> None:
    data = overhead_set(700)
    assert not set(data.groups[data.test]) & set(data.groups[~data.test])
    test, means = np.flatnonzero(data.test), []
    for each in (name, "prior"):
        steps = 200 if each in ("plonk", "translocator") else 40  # a flow and a deep network start from nothing
        rival = fit(build(each, {}, Training(steps=steps, batch_size=64), 0), data, np.flatnonzero(~data.test))
        means.append(geoguessr_score(error_km(rival.predict(**data.inputs(test)), data.latlon[test])).mean())
    assert means[0] > 2 * means[1]
