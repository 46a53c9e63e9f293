"""Configurations that were saved before a class moved still work, and say what the class is called now."""

from __future__ import annotations

import importlib
import importlib.util
from pathlib import Path

import pytest
import yaml

from geoclip_core.learning.aliases import OLD_CLASS_PATHS
from tests.learning.conftest import CONFIGS, ONE_EPOCH, Fit

OLD, NEW = "geoclip_core.learning.toy.PaintedPlanet", "geoclip_core.learning.data.toy.PaintedPlanet"


@pytest.mark.parametrize(("old", "new"), OLD_CLASS_PATHS.items())
def test_every_new_path_leads_to_a_class_and_no_old_one_does(old: str, new: str) -> None:
    module, _, name = new.rpartition(".")
    assert isinstance(getattr(importlib.import_module(module), name), type)
    assert importlib.util.find_spec(old.rpartition(".")[0]) is None


def test_a_file_saved_with_an_old_path_is_read_with_one_warning(fit: Fit, tmp_path: Path) -> None:
    text = (CONFIGS / "smoke.yaml").read_text(encoding="utf-8")
    assert NEW in text
    # What the first release saved of Lightning's callbacks goes with it: only what is still a setting is read.
    text += "\nbest: {monitor: validation/accuracy_750km, mode: min, filename: best, save_last: null, save_top_k: 1}"
    text += "\nearly_stop: {monitor: validation/median_km, patience: 7, mode: min, strict: true, min_delta: 0.0}\n"
    (tmp_path / "saved.yaml").write_text(text.replace(NEW, OLD), encoding="utf-8")
    with pytest.warns(FutureWarning, match=f"{OLD} is now called {NEW}") as warned:
        run = fit("run", ONE_EPOCH, config=str(tmp_path / "saved.yaml"))
    assert len([each for each in warned if each.category is FutureWarning]) == 1
    saved = yaml.safe_load((run / "config.yaml").read_text(encoding="utf-8"))
    assert saved["data"]["source"]["class_path"] == NEW
    assert saved["best"] == {"monitor": "validation/accuracy_750km", "mode": "auto", "save_top_k": 1}
    assert saved["early_stop"]["patience"] == 7


@pytest.mark.parametrize("option", ["--data.source=", "--data.source.class_path=", "--data.validation="])
def test_an_old_path_on_the_command_line_is_read_with_a_warning(
    fit: Fit, option: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.warns(FutureWarning, match=f"is now called {NEW}"), pytest.raises(SystemExit) as done:
        fit("run", f"{option}{OLD}", "--print_config", small=False)
    assert done.value.code == 0
    part = yaml.safe_load(capsys.readouterr().out)["data"][option.split(".")[1].rstrip("=")]
    assert part["class_path"] == NEW
