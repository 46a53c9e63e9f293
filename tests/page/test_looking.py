"""What photos are searched for: a box for each source of evidence, which turns it off."""

from __future__ import annotations

from streamlit.testing.v1 import AppTest

from geoclip_core.page.state import looking
from tests.page.steps import said, upload


def outcomes(page: AppTest) -> dict[str, str]:
    """What came of each source that was asked about the photo."""
    outcome = page.session_state["outcome"]
    return {r.source: r.outcome for r in (outcome.answer.asked if outcome.answer else outcome.error.reports)}


def test_a_source_that_is_turned_off_is_not_asked_until_it_is_on_again(page: AppTest, grey_photo: bytes) -> None:
    boxes = [box.key for box in page.checkbox if str(box.key).startswith("look for")]
    assert boxes == [looking.key(name) for name in ("metadata", "caption", "signs", "overhead", "scenes")]
    upload(page, grey_photo)
    assert outcomes(page)["signs"] == "nothing"
    assert "holds no readable text" in said(page)
    page.checkbox(key=looking.key("signs")).uncheck().run()
    page.checkbox(key=looking.key("scenes")).uncheck().run()
    assert not page.exception
    assert {name for name, what in outcomes(page).items() if what == "left out"} == {"signs", "scenes"}
    assert "holds no readable text" not in said(page)
    page.checkbox(key=looking.key("signs")).check().run()
    assert outcomes(page)["signs"] == "nothing"
