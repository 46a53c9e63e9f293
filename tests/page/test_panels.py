"""Panels by themselves, with answers made for them."""

from __future__ import annotations

from dataclasses import replace

from streamlit.testing.v1 import AppTest

from geoclip_core.earth.regions import parse_region
from geoclip_core.evidence.source import from_regions
from geoclip_core.export.formats import FORMATS, Format
from geoclip_core.locate.answer import EvidenceNote
from geoclip_core.locate.locator import Locator
from geoclip_core.locate.query import Query
from geoclip_core.page.map.drawing import make_scene
from geoclip_core.page.panels import answer_files, evidence
from geoclip_core.page.state.session import Question, answered
from geoclip_core.page.state.views import CITY_KM, around
from tests.page.steps import PATIENCE_S


def show_evidence(answer):  # runs as a script of its own, which knows no names of this file
    from geoclip_core.page.panels import evidence

    evidence.panel(answer)


def test_evidence_of_a_kind_that_nobody_knows_is_shown_with_the_common_icon(embedded_locator: Locator) -> None:
    invented = (EvidenceNote("seismograph", "a tremor *of* 3.2"), EvidenceNote("exif", "a position", used=False))
    answer = replace(embedded_locator.locate(text="Paris"), evidence=invented)
    page = AppTest.from_function(show_evidence, args=(answer,), default_timeout=PATIENCE_S).run()
    assert not page.exception
    _, unknown, known = (element.value for element in page.markdown)
    assert unknown == f"{evidence.icon('anything else')} a tremor \\*of\\* 3\\.2"
    assert known.startswith(":material/photo_camera:")
    assert known.endswith("(not used)")
    assert evidence.icon("seismograph") != evidence.icon("exif")


def show_warnings(answer):
    from geoclip_core.page.panels import answer as panel

    panel.warnings(answer)


def test_what_makes_an_answer_doubtful_is_shown_in_a_box(embedded_locator: Locator) -> None:
    answer = embedded_locator.locate(text="48.8584, 2.2945", region="DE")
    page = AppTest.from_function(show_warnings, args=(answer,), default_timeout=PATIENCE_S).run()
    assert not page.exception
    (box,) = page.warning
    assert box.value.startswith("Germany held")


def test_a_new_format_is_offered_without_a_change_on_the_page(embedded_locator: Locator, monkeypatch) -> None:
    new = Format("Postcard", "places.txt", "text/plain", lambda answer, regions: f"{answer.model} {len(regions)}")
    monkeypatch.setitem(FORMATS, "postcard", new)
    outcome = answered(embedded_locator, Question("Burj Khalifa"))
    assert outcome.answer is not None
    view = around(outcome.answer.candidates[0].latlon, CITY_KM)
    scene = make_scene(embedded_locator, outcome.answer, view, dark=False)
    files = answer_files.files(outcome, outcome.answer, view, scene)
    assert [*files] == ["GeoJSON", "KML", "CSV", "Regions, CSV", "Postcard", "GeoTIFF", "PNG"]
    name, kind, make = files["Postcard"]
    assert (name, kind, make()) == ("places.txt", "text/plain", b"embedded 2")
    monkeypatch.setattr(answer_files, "find_spec", lambda _: None)  # without rasterio
    assert [*files.keys() - answer_files.files(outcome, outcome.answer, view, scene)] == ["GeoTIFF"]


def test_a_map_without_a_point_says_so_first(embedded_locator: Locator) -> None:
    answer = embedded_locator.locate(text="Paris")
    wide = from_regions("scenes", "looks like an alp", (parse_region("CH"), parse_region("AT")), (0.6, 0.4), 0.3)
    only = replace(answer, query=Query((wide,)), evidence=(EvidenceNote("scenes", "looks like an alp"),))
    page = AppTest.from_function(show_warnings, args=(only,), default_timeout=PATIENCE_S).run()
    assert [element.value for element in page.info] == ["Looks like an alp\\."]
    assert not AppTest.from_function(show_warnings, args=(answer,), default_timeout=PATIENCE_S).run().info
