"""Models that were trained and exported here, chosen on the page."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from geoclip_core.page.map import map_files
from tests.page.steps import ask, opened, read, said, upload
from tests.weights.local_model import write_local_model

pytestmark = pytest.mark.slow


@pytest.fixture
def page(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AppTest:
    """The page on a machine with a good model, a damaged one, and one that cannot look at photos."""
    monkeypatch.setenv("GEOCLIP_TILES", "off")
    monkeypatch.setenv("GEOCLIP_MODELS", str(tmp_path / "models"))
    for name, changes in {"meadow": {}, "torn": {}, "blind": {"preprocess": None}}.items():
        write_local_model(tmp_path / "models" / name, name, **changes)
    (tmp_path / "models" / "torn" / "model.safetensors").write_bytes(b"torn")
    map_files.tiles_now.clear()
    return opened().run()


def shown(page: AppTest) -> str:
    return read(said(page))


def folder(name: str) -> str:
    return str(Path(os.environ["GEOCLIP_MODELS"]) / name)


def test_a_local_model_is_chosen_and_answers(page: AppTest, grey_photo: bytes) -> None:
    choice = page.radio(key="model")
    assert choice.options == ["the usual model", "meadow", "torn"]
    assert "blind/record.json does not say how photos are prepared" in shown(page)
    upload(page, grey_photo)
    assert "No evidence in this photo" in page.info[0].value
    page.radio(key="model").set_value(folder("meadow")).run()
    assert not page.exception
    answer = page.session_state["outcome"].answer
    assert answer.model == "meadow"
    points = {(48.9, 2.3), (-33.9, 151.2), (0.0, 37.0)}  # all that it knows
    assert {tuple(round(x, 1) for x in c.latlon) for c in answer.candidates} <= points
    assert "what meadow sees in a photo" in shown(page)
    assert "Answered by the model **meadow**, which was trained and exported here." in said(page)
    assert "can be shown by the full model" in shown(page)  # it does not look through CLIP
    ask(page, "Paris")
    page.radio(key="model").set_value("auto").run()
    assert page.session_state["outcome"].answer.model == "embedded"


def test_a_broken_model_is_said_to_be_broken_and_the_page_goes_on(page: AppTest) -> None:
    page.radio(key="model").set_value(folder("torn")).run()
    assert not page.exception
    assert "The model torn cannot be used" in shown(page)
    assert "model.safetensors is damaged" in shown(page)
    assert page.radio(key="model").value == "auto"
    ask(page, "Burj Khalifa")
    assert "Burj Khalifa" in page.button(key="place 0").label
    assert "cannot be used" not in shown(page)


def test_answers_of_two_models_are_told_apart(page: AppTest) -> None:
    ask(page, "Paris")
    page.radio(key="model").set_value(folder("meadow")).run()
    (choice,) = (box for box in page.selectbox if box.key == "other")
    assert choice.options == ["“Paris” · embedded"]
    choice.set_value(page.session_state["history"][1].key).run()
    assert not page.exception
    assert "**“Paris” · meadow**" in shown(page)
