"""What the page does with an event that the map sends."""

from __future__ import annotations

from typing import Any

import pytest
import streamlit as st

from geoclip_core.locate.locator import Locator
from geoclip_core.page.map.events import on_map_event
from geoclip_core.page.panels import known_position
from geoclip_core.page.state import views
from geoclip_core.page.state.session import Question, answered


@pytest.fixture
def memory(monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    """What the visit remembers."""
    kept: dict[str, Any] = {}
    monkeypatch.setattr(st, "session_state", kept)
    return kept


def send(memory: dict[str, Any], **event: Any) -> None:
    memory["map"] = {"event": event}
    on_map_event()


def test_a_map_that_has_sent_nothing_changes_nothing(memory) -> None:
    for value in (None, {}, {"event": None}):
        memory["map"] = value
        on_map_event()
    assert memory == {"map": {"event": None}}


def test_looking_closer_at_a_point_and_at_a_box(memory) -> None:
    send(memory, kind="look", box=[40.0, -5.0, 50.0, 10.0])
    assert views.shown().window.bounds == pytest.approx((40, -5, 50, 10))
    send(memory, kind="look", point=[45.0, 2.0], km=50)
    assert views.shown().centre == pytest.approx((45, 2), abs=0.01)
    assert len(views.path()) == 2  # the box stays as a step of the way back
    assert views.fly_count() == 2


def test_the_search_is_restricted_to_a_box_or_a_circle(memory) -> None:
    send(memory, kind="region", box=[40.0, 175.0, 50.0, 190.0])
    assert memory["regions"] == ["40.00,175.00,50.00,-170.00"]
    send(memory, kind="region", point=[45.0, 2.0])
    assert memory["regions"] == ["45.000,2.000,500"]


def test_a_known_position_is_filled_in(memory) -> None:
    send(memory, kind="known", point=[-33.85, 151.2])
    assert known_position.position() == pytest.approx((-33.85, 151.2))


def test_a_candidate_is_looked_at_where_there_is_an_answer(memory, embedded_locator: Locator) -> None:
    send(memory, kind="candidate", candidate=0)
    assert views.shown() is views.WORLD
    memory["outcome"] = outcome = answered(embedded_locator, Question("Burj Khalifa"))
    send(memory, kind="candidate", candidate=0)
    assert outcome.answer is not None
    assert views.shown().candidate == 0
    assert views.shown().centre == pytest.approx(outcome.answer.candidates[0].latlon, abs=0.01)


def test_a_place_that_the_map_cannot_show_is_told(memory) -> None:
    send(memory, kind="look", point=[89.0, 0.0], km=5)
    assert views.shown() is views.WORLD
    assert memory["trouble"]
