"""What a photo's file states, as evidence: alternatives, conflicts and doubts, in every form of the answer."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from fastapi.testclient import TestClient
from typer.testing import CliRunner

from geoclip_core.__main__ import app
from geoclip_core.errors import NoEvidenceError, PhotoError
from geoclip_core.export.formats import FORMATS
from geoclip_core.export.parquet import answer_rows
from geoclip_core.locate.answer import Answer
from geoclip_core.serve.api import make_api
from tests.photo.containers import encoded, exif_block, gps_entries, iptc, packet, with_xmp
from tests.photo_files import told_photo

PARIS, SYDNEY = (48.8584, 2.2945), (-33.8568, 151.2153)


def at_paris(**settings: bytes) -> bytes:
    return encoded(exif=b"Exif\0\0" + exif_block(gps_entries(*PARIS)), **settings)  # type: ignore[arg-type]


def captioned(words: str) -> bytes:
    """An XMP packet with a caption."""
    return packet(elements=f"<dc:description><rdf:Alt><rdf:li>{words}</rdf:li></rdf:Alt></dc:description>")


def countries(answer: Answer) -> list[str]:
    return [candidate.place.country_code for candidate in answer.candidates if candidate.probability > 0.1]


def test_positions_that_contradict_each_other_are_both_kept(embedded_locator: Any) -> None:
    answer = embedded_locator.locate(
        at_paris(xmp=packet('exif:GPSLatitude="33,51.408S" exif:GPSLongitude="151,12.9E"'))
    )
    assert sorted(countries(answer)) == ["AU", "FR"]
    assert [candidate.probability for candidate in answer.candidates[:2]] == pytest.approx([0.5, 0.5], abs=0.02)
    assert "km apart" in answer.warnings[0]


def test_a_position_without_letters_is_four(embedded_locator: Any) -> None:
    entries = [entry for entry in gps_entries(*PARIS) if entry[0] in (2, 4)]
    answer = embedded_locator.locate(encoded(exif=b"Exif\0\0" + exif_block(entries)))
    assert {round(c.latlon[0] / 48.8584) * round(c.latlon[1] / 2.2945) for c in answer.candidates[:4]} == {1, -1}
    assert [c.probability for c in answer.candidates[:4]] == pytest.approx([0.25] * 4, abs=0.01)
    assert "hemisphere" in answer.warnings[0]


def test_a_place_in_words_is_evidence(embedded_locator: Any) -> None:
    answer = embedded_locator.locate(iptc({(2, 90): b"Porto", (2, 101): b"Portugal"}))
    assert answer.evidence[0].kind == "caption"
    assert answer.candidates[0].place.country_code == "PT"
    assert "Porto" in answer.candidates[0].label


def test_a_caption_that_names_another_country_is_a_conflict(embedded_locator: Any) -> None:
    caption = captioned("Remembering our trip to Rome")
    answer = embedded_locator.locate(at_paris(xmp=caption))
    assert sorted(countries(answer)) == ["FR", "IT"]
    (warning,) = answer.warnings
    assert warning.startswith("The photo and the words in its file speak of different places")
    agreeing = captioned("Paris, France")
    answer = embedded_locator.locate(at_paris(xmp=agreeing))
    assert (countries(answer)[:1], answer.warnings) == (["FR"], ())


@pytest.mark.parametrize("words", ["my holiday", "Sunset"])
def test_a_caption_that_names_no_place_for_certain_changes_nothing(embedded_locator: Any, words: str) -> None:
    caption = captioned(words)
    answer = embedded_locator.locate(at_paris(xmp=caption))
    assert [note.kind for note in answer.evidence] == ["exif"]
    assert answer.warnings == ()
    with pytest.raises(NoEvidenceError, match=f"“{words}”, name no known place"):
        embedded_locator.locate(with_xmp("JPEG", caption))


def test_without_pixels_the_words_answer_and_without_both_nothing_does(embedded_locator: Any) -> None:
    broken = at_paris().replace(b"\xff\xdb", b"\xff\xd9")
    answer = embedded_locator.locate(broken)
    assert answer.candidates[0].place.country_code == "FR"
    assert "its pixels were not looked at" in answer.notes[0]
    assert embedded_locator.locate([broken, at_paris()]).warnings == ()
    with pytest.raises(PhotoError, match="damaged"):
        embedded_locator.locate(encoded().replace(b"\xff\xdb", b"\xff\xd9"))
    with pytest.raises(NoEvidenceError, match="its pixels cannot be read"):
        embedded_locator.locate(broken, without=("metadata",))


def test_the_reason_why_a_position_was_not_used_is_in_the_message(embedded_locator: Any) -> None:
    with pytest.raises(NoEvidenceError, match=r"no usable position .*exactly 0, 0"):
        embedded_locator.locate(encoded(exif=b"Exif\0\0" + exif_block(gps_entries(0.0, 0.0))))


def test_what_the_file_says_reaches_json_http_and_the_terminal(embedded_locator: Any, tmp_path: Path) -> None:
    path = tmp_path / "a.jpg"
    path.write_bytes(told_photo())
    (photo,) = embedded_locator.locate(path).to_dict()["photos"]
    assert (photo["taken_at"], photo["altitude_m"], photo["camera"]) == (
        "2019-07-14T10:30:00+02:00",
        35.5,
        "Maker Model",
    )
    assert (photo["heading_deg"], photo["heading_from"]) == (90.0, "magnetic")
    assert "magnetic north" in photo["file_problems"][0]
    assert [claim["what"] for claim in photo["claims"]] == ["position", "taken", "altitude", "heading", "camera"]

    sent = {"photos": ("a.jpg", told_photo(), "image/jpeg")}
    assert TestClient(make_api(embedded_locator)).post("/locate", files=sent).json()["photos"] == [photo]

    asked = ["locate", str(path), "--model", "embedded"]
    assert json.loads(CliRunner().invoke(app, [*asked, "--json"]).stdout)["photos"] == [photo]
    told = CliRunner().invoke(app, asked).stdout
    path.write_bytes(told_photo(placed=False))
    refused = CliRunner().invoke(app, asked)
    assert (refused.exit_code, refused.stdout) == (1, "")
    assert "the file of the photo says: taken 14 July 2019, 10:30 (UTC+02:00)" in refused.stderr
    for words in ("taken 14 July 2019, 10:30 (UTC+02:00)", "camera Maker Model", "altitude 36 m", "90° from magnetic"):
        assert words in told
    assert "note on the photo: The heading is measured from magnetic north" in told


def test_a_doubtful_position_is_warned_of_in_every_format(embedded_locator: Any) -> None:
    entries = [entry for entry in gps_entries(*PARIS) if entry[0] in (2, 4)]
    data = encoded(exif=b"Exif\0\0" + exif_block(entries))
    answer = embedded_locator.locate(data)
    (warning,) = answer.warnings
    client = TestClient(make_api(embedded_locator))
    for form, chosen in FORMATS.items():
        if form != "regions":  # credible regions alone, without places
            assert warning in chosen.write(answer, ()), form
            sent = {"photos": ("a.jpg", data, "image/jpeg")}
            assert warning in client.post("/locate", files=sent, data={"form": form}).text
    assert [row["warnings"] for row in answer_rows("a.jpg", answer)] == [warning] * len(answer.candidates)
    assert answer.to_dict()["warnings"] == [warning]


def test_the_terminal_counts_what_a_batch_leaves_out(tmp_path: Path) -> None:
    folder = tmp_path / "photos"
    folder.mkdir()
    for name in ("a.jpg", "._a.jpg", "notes.txt"):
        (folder / name).write_bytes(told_photo())
    asked = ["batch", str(folder), "--out", str(tmp_path / "out.parquet"), "--model", "embedded"]
    told = CliRunner().invoke(app, asked).stdout
    assert "1 answered" in told
    assert "left out: 1 hidden" in told
    assert "1 no photos" in told
