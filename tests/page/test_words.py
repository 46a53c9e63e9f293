from __future__ import annotations

import re
import string

import pytest

from geoclip_core.page.words import degrees, distance, percent, plain


def read(markdown: str) -> str:
    """What a reader sees of backslash escapes, the joiner being invisible."""
    return re.sub(r"\\([!-/:-@\[-`{-~])", r"\1", markdown).replace("\u2060", "")


@pytest.mark.parametrize(
    "text",
    [
        string.punctuation,
        "**bold** _it_ `code` [a](http://b) ![i](j) <b>x</b> $x$ :red[x] :smile: :material/home: www.x.org a@b.cd",
        "# heading",
        "1. one",
        "- item",
        "a -> b <- c -- d",
        "back\\slash",
        "東京 🗼 ünï",
    ],
)
def test_plain_text_is_read_as_it_was_and_every_mark_is_escaped(text: str) -> None:
    made = plain(text)
    assert read(made) == text
    assert not re.search(r"(?<!\\)(?:\\\\)*[!-/:-@\[-`{-~]", re.sub(r"\\[!-/:-@\[-`{-~]", "", made))


def test_marks_that_are_read_after_the_escapes_are_parted() -> None:
    seen = re.sub(r"\\([!-/:-@\[-`{-~])", r"\1", plain("http://a.b www.c.d e@f.gh :smile: :material/home: -> --"))
    for mark in ("http:/", "www.", "@f", ":smile", ":material", "->", "--"):
        assert mark not in seen


def test_plain_text_is_one_line() -> None:
    assert plain("    a\n\n# b\t c") == "a \\# b c"
    assert plain("") == ""


@pytest.mark.parametrize(
    ("probability", "words"),
    [
        (1.0, "> 99 %"),
        (0.9951, "> 99 %"),
        (0.995, "> 99 %"),
        (0.9949, "99 %"),
        (0.876, "88 %"),
        (0.0999, "10 %"),
        (0.042, "4.2 %"),
        (0.00999, "1.0 %"),
        (0.0031, "0.31 %"),
        (0.00009, "< 0.01 %"),
        (0.0, "< 0.01 %"),
    ],
)
def test_percent(probability: float, words: str) -> None:
    assert percent(probability) == words


def test_degrees_name_the_hemisphere() -> None:
    assert degrees((-33.8568, 151.2153), 2) == "33.86° S, 151.22° E"
    assert degrees((0.0, -0.5), 1) == "0.0° N, 0.5° W"


def test_distance_changes_its_unit() -> None:
    words = [distance(km) for km in (0.05, 0.9996, 4.25, 12.4, 1234.5)]
    assert words == ["50 m", "1.0 km", "4.2 km", "12 km", "1,234 km"]
