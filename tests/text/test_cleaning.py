from __future__ import annotations

import pytest

from geoclip_core.errors import QueryError
from geoclip_core.text.cleaning import MAX_TEXT_LENGTH, clean_text


@pytest.mark.parametrize(
    ("text", "clean"),
    [
        ("<b>Rome</b><script>alert('x')</script>", "Rome"),
        ("Rome\x00\x07\u200b &amp; around", "Rome & around"),
        ("  Paris ,\n Texas\t", "Paris , Texas"),
        ('<wpt lat="59.3" lon="18.1"><name>Home</name></wpt>', 'lat="59.3 lon="18.1 Home'),
        ("🇫🇷", "flag FR"),
        ("Nice 🇫🇷 beach", "Nice , flag FR, beach"),
        ("#RedSea", "Red Sea"),
        ("https://www.openstreetmap.org/#map=9/59.3/18.1", "https://www.openstreetmap.org/#map=9/59.3/18.1"),
        ("x" * MAX_TEXT_LENGTH, "x" * MAX_TEXT_LENGTH),
    ],
)
def test_markup_and_control_characters_go_and_words_stay(text: str, clean: str) -> None:
    assert clean_text(text) == clean


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("", "empty"),
        ("  \n\t ", "empty"),
        ("\x00\x01\u200b", "empty"),
        ("<p></p>", "empty"),
        ("x" * (MAX_TEXT_LENGTH + 1), "2,001 characters"),
        ("a" * 10_000, "10,000 characters"),
        (b"Paris", "bytes"),
    ],
)
def test_what_cannot_be_asked_is_refused_with_a_reason(text: object, problem: str) -> None:
    with pytest.raises(QueryError, match=problem):
        clean_text(text)  # type: ignore[arg-type]
