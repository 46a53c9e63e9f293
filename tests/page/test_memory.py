"""What is loaded is no garbage that is looked for after every run of the page."""

from __future__ import annotations

import gc
import weakref
from collections.abc import Iterator

import pytest
from streamlit.testing.v1 import AppTest

from geoclip_core.page.state import memory
from geoclip_core.page.state.memory import keep_loaded
from tests.page.steps import ask, upload


@pytest.fixture(autouse=True)
def nothing_kept(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setattr(memory, "_kept", set())
    gc.unfreeze()
    yield
    gc.unfreeze()


def looked_through(thing: object) -> bool:
    return any(each is thing for each in gc.get_objects())


def test_what_is_loaded_is_not_looked_through_and_what_comes_later_is() -> None:
    loaded: list[object] = [[]]
    assert looked_through(loaded)
    keep_loaded("a list")
    assert not looked_through(loaded)
    later: list[object] = [[]]
    keep_loaded("a list")  # the second visitor's
    assert looked_through(later)


class Model:
    def __init__(self) -> None:
        self.itself = self  # only garbage collection finds it when nobody needs it


def test_a_model_that_is_given_up_is_freed_when_another_is_loaded() -> None:
    model = Model()
    there = weakref.ref(model)
    keep_loaded()
    del model
    gc.collect()
    assert there() is not None
    keep_loaded()
    assert there() is None


@pytest.mark.slow
def test_a_first_photo_loads_much_that_is_kept(page: AppTest, grey_photo: bytes) -> None:
    ask(page, "Boston")
    gc.unfreeze()  # the model, where it was not loaded for a visitor before
    upload(page, grey_photo)
    kept = gc.get_freeze_count()
    assert kept > 10_000
    upload(page, grey_photo, grey_photo)
    assert gc.get_freeze_count() == pytest.approx(kept, rel=0.01)
