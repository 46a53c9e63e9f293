"""Questions and their outcomes, without a page."""

from __future__ import annotations

from collections.abc import Callable
from copy import copy
from dataclasses import replace

import pytest
from PIL import Image

from geoclip_core.errors import GeoclipError
from geoclip_core.locate.fusion.looking import Sources
from geoclip_core.locate.locator import Locator
from geoclip_core.page.markdown import plain
from geoclip_core.page.state.session import Question, _same_photos, answered
from geoclip_core.photo import decode, exif
from geoclip_core.text.cleaning import MAX_TEXT_LENGTH
from tests.page.steps import picture, read

MORE = Image.new("RGB", (40, 30), "red")


def reason(locator: Locator, question: Question) -> str:
    """What the page says where there is no answer."""
    outcome = answered(locator, question)
    assert outcome.answer is None
    assert isinstance(outcome.error, GeoclipError)
    return plain(str(outcome.error))


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda: b"", "empty"),
        (lambda: b"not a photo at all", "not an image"),
        (lambda: picture(kind="PNG", size=(400, 300))[:60], "damaged or cut short"),
        (lambda: picture("1", (20_000, 10_000)), "178 million pixels"),
        (lambda: picture(kind="GIF", save_all=True, append_images=[MORE]), "No evidence"),
        (lambda: picture("CMYK", kind="JPEG"), "No evidence"),
        (lambda: picture("I;16"), "No evidence"),
        (lambda: picture("P"), "No evidence"),
        (lambda: picture("LA", kind="WEBP"), "No evidence"),
        (lambda: picture(kind="HEIF"), "No evidence"),
    ],
    ids=["empty", "text", "truncated", "huge", "animated", "CMYK", "16-bit", "palette", "webp", "heic"],
)
def test_odd_files_get_a_clear_message(make: Callable[[], bytes], words: str, embedded_locator: Locator) -> None:
    assert words.lower() in read(reason(embedded_locator, Question(photos=(make(),)))).lower()


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("   ", "the text is empty"),
        ("x" * 10_000, f"{MAX_TEXT_LENGTH:,}"),
        ("🗼🗼🗼", "no place recognised"),
        ("\x00\x07\x1b[31m", "no place recognised"),
        ("<img src=x onerror=alert(1)> **no** :red[no] qqxzv", "no place recognised"),
    ],
    ids=["blank", "long", "emoji", "control", "html"],
)
def test_odd_texts_get_a_clear_message(text: str, words: str, embedded_locator: Locator) -> None:
    shown = reason(embedded_locator, Question(text))
    assert words in read(shown).lower()
    assert "<img" not in shown
    assert "**no**" not in shown


def test_a_rotated_photo_is_shown_upright(embedded_locator: Locator) -> None:
    turned = Image.Exif()
    turned[0x0112] = 6  # by 90 degrees
    photo = picture(kind="JPEG", size=(40, 20), exif=turned)
    (shown,) = answered(embedded_locator, Question(photos=(photo,))).photos
    assert shown.thumbnail.size == (20, 40)


def test_photos_before_one_that_cannot_be_decoded_are_shown(embedded_locator: Locator, grey_photo: bytes) -> None:
    outcome = answered(embedded_locator, Question(photos=(grey_photo, b"torn", grey_photo)))
    assert len(outcome.photos) == 1
    assert "is not an image" in str(outcome.error)


def test_what_the_photos_say_is_taken_from_the_answer(
    embedded_locator: Locator, located_photo: bytes, grey_photo: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(exif, "read_exif", lambda _: pytest.fail("the page reads what the answer has read"))
    outcome = answered(embedded_locator, Question(photos=(located_photo, grey_photo)))
    assert outcome.answer is not None
    assert tuple(photo.exif for photo in outcome.photos) == outcome.answer.exif
    assert [photo.exif.camera for photo in outcome.photos] == ["Drawn by a test", None]


def test_photos_are_looked_at_once_for_all_texts_beside_them(
    embedded_locator: Locator, located_photo: bytes, grey_photo: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    for photos in ((located_photo,), (located_photo, grey_photo)):
        first = answered(embedded_locator, Question(photos=photos))
        asked = Question("Sydney", photos)
        anew = answered(embedded_locator, asked)
        with monkeypatch.context() as patch:
            patch.setattr(Sources, "view", lambda *_, **__: pytest.fail("looked at again"))
            patch.setattr(decode, "open_photo", lambda *_, **__: pytest.fail("decoded again"))
            again = answered(embedded_locator, asked, first)
        assert anew.answer is not None
        assert again.answer is not None
        assert again.answer.to_dict() == anew.answer.to_dict() != first.answer.to_dict()
        assert [photo.exif for photo in again.photos] == [photo.exif for photo in anew.photos]


def test_other_photos_models_and_settings_are_looked_at_anew(
    embedded_locator: Locator, located_photo: bytes, grey_photo: bytes
) -> None:
    asked = Question("Sydney", (located_photo,))
    known = answered(embedded_locator, asked)
    assert _same_photos(embedded_locator, replace(asked, text="Cairo", region="EG"), known) is known
    others = [replace(asked, photos=(grey_photo,)), replace(asked, photos=()), replace(asked, without=("metadata",))]
    assert [_same_photos(embedded_locator, other, known) for other in others] == [None] * 3
    assert _same_photos(copy(embedded_locator), asked, known) is None


def test_a_question_is_told_from_every_other_one(located_photo: bytes, grey_photo: bytes) -> None:
    asked = Question("Paris", (located_photo,), "FR", 0.3)
    others = [
        replace(asked, text="London"),
        replace(asked, photos=(grey_photo,)),
        replace(asked, photos=(located_photo, grey_photo)),
        replace(asked, region=None),
        replace(asked, text_weight=0.4),
        replace(asked, without=("signs",)),
    ]
    keys = [question.key("embedded") for question in (asked, *others)]
    assert len({*keys, asked.key("geoclip")}) == len(keys) + 1
    alone = replace(asked, photos=())
    assert alone.key("embedded") == replace(alone, text_weight=0.4).key("embedded")  # nothing to weigh it against
    assert alone.key("embedded") == replace(alone, without=("signs",)).key("embedded")  # photos alone are looked at
    assert replace(asked, without=("signs",)).label == asked.label + " · without text, such as signs"
