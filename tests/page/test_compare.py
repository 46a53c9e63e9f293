"""Two answers of one visit on one map."""

from __future__ import annotations

import pytest
from streamlit.testing.v1 import AppTest

from geoclip_core.page.state import views
from tests.page.steps import ask, drawn, read, said

pytestmark = pytest.mark.slow


def test_two_answers_are_compared_on_one_map(page: AppTest) -> None:
    ask(page, "Pyramids of Giza")
    ask(page, "Desert")
    (choice,) = (box for box in page.selectbox if box.key == "other")
    assert choice.options == ["“Pyramids of Giza”"]
    choice.set_value(page.session_state["history"][1].key).run()
    assert not page.exception
    data = drawn(page)
    assert [pin["sign"] for pin in data["pins"] if pin["kind"] == "other"] == ["A"]
    assert [outline["other"] for outline in data["outlines"]].count(True) == 2
    assert "A · Pyramids of Giza" in read(said(page))
    assert "1 · " in said(page)


def test_a_compared_answer_is_outlined_though_it_was_never_seen_whole(page: AppTest) -> None:
    page.multiselect(key="regions").set_value(["EG"]).run()
    ask(page, "Pyramids of Giza")  # turns the map to Egypt at once
    assert all(view is not views.WORLD for view, _ in page.session_state["outcome"].scenes)
    page.multiselect(key="regions").set_value([]).run()
    ask(page, "Desert")
    asked = {outcome.question.text: outcome for outcome in page.session_state["history"] if outcome.question.region}
    page.selectbox(key="other").set_value(asked["Pyramids of Giza"].key).run()
    assert not page.exception
    outlines = [outline for outline in drawn(page)["outlines"] if outline["other"]]
    assert [outline["dashes"] for outline in outlines] == [None, "5 4"]  # half of it, and nine tenths
    (lon, lat), *_ = outlines[0]["shape"]["coordinates"][0][0]
    assert (lat, lon) == pytest.approx((30.0, 31.1), abs=1.5)
