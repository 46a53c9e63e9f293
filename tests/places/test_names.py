from __future__ import annotations

import pytest

from geoclip_core.places.names import normalise, tokenise


@pytest.mark.parametrize(
    ("spellings", "form"),
    [
        (("São Paulo", "SAO PAULO", "Sao-Paulo", "  são   paulo "), "sao paulo"),
        (("Xi'an", "Xi’an", "Xian"), "xian"),
        (("Musée d'Orsay", "musee d orsay"), "musee d orsay"),
        (("L'Aquila", "l’aquila"), "l aquila"),
        (("St. John's", "Saint Johns"), "saint johns"),
        (("Łódź", "Lodz"), "lodz"),
        (("Ærø", "Aero"), "aero"),
        (("Москва", "МОСКВА"), "москва"),
        (("القاهرة", "القاهره"), "القاهره"),
        (("北 京", "北京"), "北京"),
        (("ﾄｳｷｮｳ", "トウキョウ"), "トウキョウ"),
        (("दिल्ली",), "दिल्ली"),
    ],
)
def test_spellings_of_a_name_become_one(spellings, form):
    assert {normalise(spelling) for spelling in spellings} == {form}


def test_accents_that_make_another_letter_in_their_script_are_kept():
    assert normalise("が") != normalise("か")
    assert normalise("ไทย") == "ไทย"


@pytest.mark.parametrize("text", ["", "!?", "😀", "...", "\u200b"])
def test_what_has_no_letters_has_no_name(text):
    assert normalise(text) == ""
    assert tokenise(text) == ()


def test_tokens_know_their_segment_and_how_they_were_written():
    tokens = tokenise("The Lighthouse, Glasgow (Scotland) - St. Enoch")
    assert [token.text for token in tokens] == ["the", "lighthouse", "glasgow", "scotland", "saint", "enoch"]
    assert [token.segment for token in tokens] == [0, 0, 1, 2, 3, 3]
    assert tokens[2].original == "Glasgow"


def test_scripts_without_spaces_are_cut_into_characters():
    tokens = tokenise("北京故宫")
    assert [token.text for token in tokens] == list("北京故宫")
    assert all(token.dense for token in tokens)
    assert not tokenise("Beijing")[0].dense
