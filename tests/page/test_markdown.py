from __future__ import annotations

import re
import string

import pytest

from geoclip_core.page.markdown import area_named, flag, plain
from tests.page.steps import read


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


def test_flags_are_made_of_the_letters_of_the_code() -> None:
    assert flag("ae") == "🇦🇪"
    assert flag("") == ""


def test_an_area_that_cannot_be_read_is_shown_as_it_was_typed() -> None:
    assert area_named("FR") == "France"
    assert area_named("Atlantis") == "Atlantis"
