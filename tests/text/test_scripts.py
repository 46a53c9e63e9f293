from __future__ import annotations

import pytest

from geoclip_core.text.scripts import SCRIPT_LANGUAGES, script_of


@pytest.mark.parametrize(
    ("text", "script"),
    [
        ("Paris", "LATIN"),
        ("1. Москва", "CYRILLIC"),
        ("北京", "CJK"),
        ("東京タワー", "CJK"),
        ("タワー", "KATAKANA"),
        ("12!", ""),
    ],
)
def test_the_first_letter_tells_the_script(text: str, script: str) -> None:
    assert script_of(text) == script


@pytest.mark.parametrize(("letter", "language"), [("한", "ko"), ("ก", "th"), ("ש", "he"), ("ع", "fa"), ("अ", "hi")])
def test_scripts_know_their_languages(letter: str, language: str) -> None:
    assert language in SCRIPT_LANGUAGES[script_of(letter)]
