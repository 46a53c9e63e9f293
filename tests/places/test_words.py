"""The table of words that are no names, ``assets/words.csv``, and how it is read."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from pathlib import Path

import pytest

from geoclip_core.errors import GeoclipError
from geoclip_core.files import asset_path
from geoclip_core.places import words
from geoclip_core.places.sources import spoken_languages
from geoclip_core.places.words import kind_words, words_of


@pytest.fixture
def another_table(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[Path]:
    table = tmp_path / "words.csv"
    monkeypatch.setattr(words, "asset_path", lambda name: tmp_path / name)
    caches = (words._rows, words.kind_words, words.words_of)
    for cache in caches:
        cache.cache_clear()
    yield table
    for cache in caches:
        cache.cache_clear()


def test_kind_words_know_their_languages() -> None:
    assert kind_words()["kirkko"] == ("fi",)
    assert {"es", "it"} <= set(kind_words()["museo"])
    assert "en" in kind_words()["museum"]
    assert kind_words()["und"] == ("de",)


def test_the_roles_are_apart() -> None:
    assert {"of", "und", "de"} <= words_of("function")
    assert "museum" not in words_of("function")
    assert "near" in words_of("preposition")
    assert "de" not in kind_words(), "a word of many languages is a sign of none"


def test_every_language_is_spoken_somewhere() -> None:
    with asset_path("words.csv").open(encoding="utf-8", newline="") as stream:
        languages = {row["language"] for row in csv.DictReader(stream)}
    spoken = {language for listed in spoken_languages().values() for language in listed}
    assert languages - spoken == {"mul"}


def test_one_row_teaches_a_language_its_function_words(another_table: Path) -> None:
    another_table.write_text("language,role,words\nfi,kind,kirkko\nxx,function,Och på\n", encoding="utf-8")
    assert kind_words() == {"kirkko": ("fi",), "och": ("xx",), "pa": ("xx",)}
    assert words_of("function") == {"och", "pa"}


@pytest.mark.parametrize(
    ("table", "problem"),
    [
        ("language,role,words\nfi,kinds,kirkko\n", "line 2 has the role 'kinds'"),
        ("language,words\nfi,kirkko\n", "columns"),
    ],
)
def test_a_broken_table_is_refused(another_table: Path, table: str, problem: str) -> None:
    another_table.write_text(table, encoding="utf-8")
    with pytest.raises(GeoclipError, match=problem):
        kind_words()
