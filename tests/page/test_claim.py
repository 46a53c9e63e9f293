"""A claim checked on the page."""

from __future__ import annotations

import pytest
from streamlit.testing.v1 import AppTest

from geoclip_core.files import asset_path
from tests.page.steps import drawn, read, said, upload


@pytest.mark.slow
def test_a_claim_gets_a_careful_verdict_and_a_pin(page: AppTest) -> None:
    upload(page, asset_path("samples/italy.jpg").read_bytes())
    page.text_input(key="claim").set_value("Italy").run()
    assert not page.exception
    words = read(said(page))
    assert "Not contradicted" in words
    assert "no proof" in words
    assert "confirmed" not in words.lower()
    page.text_input(key="claim").set_value("Kyiv").run()
    assert any("Kyiv, Ukraine is doubtful" in read(warning.value) for warning in page.warning)
    page.text_input(key="claim").set_value("Vladivostok").run()
    assert "Contradicted" in page.error[0].value
    assert "against it" in read(said(page))
    assert [pin["sign"] for pin in drawn(page)["pins"] if pin["kind"] == "known"] == ["?"]
    page.text_input(key="claim").set_value("qqxzv").run()
    assert not page.exception
    assert "qqxzv" in read(page.error[0].value)


@pytest.mark.slow
def test_a_files_own_position_is_a_claim_too(page: AppTest, located_photo: bytes) -> None:
    upload(page, located_photo)
    next(button for button in page.button if button.label == "As the photo's file says").click().run()
    assert not page.exception
    # The embedded model has no other evidence in a drawn sunset, and says so.
    assert "evidence" in read(page.error[0].value)
