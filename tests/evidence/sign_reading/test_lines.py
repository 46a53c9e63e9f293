"""Text in drawn pictures: where it is and what it says, turned, in perspective, small, upside down, too much of it."""

from __future__ import annotations

import sys
import threading
from pathlib import Path

import pytest
from PIL import Image, ImageDraw, ImageFont

from geoclip_core.errors import MissingWeightsError, WeightsError
from geoclip_core.evidence.network import Network
from geoclip_core.evidence.sign_reading import lines as reading
from geoclip_core.evidence.sign_reading.lines import MOST_LINES, read_lines
from geoclip_core.evidence.signs import SignSource
from geoclip_core.photo.decode import open_photo
from geoclip_core.weights.registry import SIGN_READER
from tests.conftest import Released
from tests.evidence.sign_reading.pictures import LEFT, TOP, in_perspective, sign, turned

pytest.importorskip("rapidocr", reason="the extra signs is not installed")

_SIGNS = {"Greek": "ΘΕΣΣΑΛΟΝΙΚΗ", "kana": "ひらがな", "Han": "北京大学", "traditional Han": "廣東車站"}


def words(picture: Image.Image) -> str:
    return " ".join(line.text for line in read_lines(picture)).upper().replace(" ", "")


def test_a_line_is_read_where_it_stands() -> None:
    (line,) = read_lines(sign(["LLANDOVERY"]))
    assert line.text == "LLANDOVERY"
    assert line.score > 0.9
    (left, top), (right, _), (_, bottom), _ = line.box
    assert left == pytest.approx(LEFT, abs=15)
    assert TOP - 15 < top < bottom < TOP + 90
    assert right - left > 5 * line.height_px


@pytest.mark.parametrize("degrees", [-20, -10, 10, 20])
def test_turned_text_is_read(degrees: float) -> None:
    assert "LLANDOVERY" in words(turned(sign(["LLANDOVERY"]), degrees))


def test_text_in_perspective_upside_down_and_small_is_read() -> None:
    assert "LLANDOVERY" in words(in_perspective(sign(["LLANDOVERY"])))
    assert "LLANDOVERY" in words(sign(["LLANDOVERY"]).rotate(180))
    assert "LLANDOVERY" in words(sign(["LLANDOVERY"], 12))


def test_boxes_are_in_pixels_of_the_photo_however_large_it_is() -> None:
    large = sign(["LLANDOVERY"]).resize((3072, 2100), Image.Resampling.BICUBIC)
    (line,) = read_lines(large)
    assert line.box[0][0] == pytest.approx(3 * LEFT, abs=45)


@pytest.mark.parametrize("script", list(_SIGNS))
def test_other_scripts_are_read_also_turned_and_in_perspective(script: str) -> None:
    noto = pytest.importorskip("noto_cjk_sans_jp_regular", reason="the font of drawn signs is not installed")
    text = _SIGNS[script]
    picture = sign([text], 70, ImageFont.truetype(str(noto.FONT_PATH), 70))
    for seen in (picture, turned(picture, 15), in_perspective(picture)):
        assert text in words(seen)


@pytest.mark.slow
def test_of_a_page_of_print_the_tallest_lines_are_read() -> None:
    picture = Image.new("RGB", (1024, 1024), "white")
    pen, font = ImageDraw.Draw(picture), ImageFont.load_default(11)
    for i in range(300):
        pen.text((20 + 340 * (i // 100), 4 + 10 * (i % 100)), f"some words of line {i}", fill="black", font=font)
    assert 0 < len(read_lines(picture)) <= MOST_LINES


def test_a_blank_picture_and_a_strip_hold_no_text() -> None:
    assert read_lines(Image.new("RGB", (64, 48), "grey")) == ()
    assert read_lines(Image.new("RGB", (1000, 8), "grey")) == ()


def test_all_its_threads_take_the_tiniest_numbers_as_zeros_and_the_callers_is_left_as_it_was(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    engine, _ = reading._engine()
    read_lines(sign(["LLANDOVERY"]))
    networks = (engine.text_det, engine.text_rec)
    for options in (network.session.session.get_session_options() for network in networks):
        assert options.get_session_config_entry("session.set_denormal_as_zero") == "1"
    seen: list[float] = []

    def look(picture: object) -> None:
        seen.append(sys.float_info.min / 2)

    monkeypatch.setattr(reading, "_engine", lambda: (look, threading.Lock()))
    assert read_lines(sign(["LLANDOVERY"])) == ()
    assert seen == [0.0]
    assert sys.float_info.min / 2 > 0


@pytest.fixture
def unloaded() -> object:
    """The reader is loaded anew in the test, and again after it."""
    reading._engine.cache_clear()
    yield
    reading._engine.cache_clear()


def source(released: Released) -> SignSource:
    return SignSource(Network(released.encoder))


def test_a_missing_model_is_told_and_no_failure(released: Released, unloaded: object, monkeypatch) -> None:
    def nothing(*_: object) -> Path:
        raise MissingWeightsError("det.onnx is missing from the installed rapidocr package", hint="install it again")

    monkeypatch.setattr(reading, "packaged_file", nothing)
    finding = source(released).photo(open_photo(sign(["LLANDOVERY"])))
    assert finding.evidence == ()
    assert "det.onnx is missing" in finding.reason
    assert "install it again" in finding.warnings[0]


def test_a_damaged_model_is_found_out_by_its_digest(monkeypatch, tmp_path: Path) -> None:
    from geoclip_core.weights import resolve

    damaged = tmp_path / "det.onnx"
    damaged.write_bytes(b"not a network")

    class Distribution:
        def locate_file(self, name: str) -> Path:
            return damaged

    monkeypatch.setattr(resolve.importlib.metadata, "distribution", lambda name: Distribution())
    with pytest.raises(WeightsError, match="is not the released file"):
        resolve.packaged_file(SIGN_READER, "detect")


def test_a_sign_is_evidence_and_the_rest_is_offered(released: Released) -> None:
    finding = source(released).photo(open_photo(sign(["WELCOME TO", "LLANDOVERY", "<b>fish</b>"])))
    (found,) = finding.evidence
    assert "Llandovery, Wales" in found.label
    assert 0 < found.reliability < 1
    assert [offer.used for offer in finding.offers] == [offer.text == "LLANDOVERY" for offer in finding.offers]
    assert any("fish" in offer.text for offer in finding.offers)
