from __future__ import annotations

import html
import re

import pytest
from streamlit_folium import _get_feature_group_string, _get_map_string, generate_js_hash

from geoclip_core.maps.folium_map import Spot, answer_layer, base_map, quoted
from geoclip_core.maps.heat import HeatPicture
from geoclip_core.maps.surroundings import Surroundings, Town

HEAT = HeatPicture("data:image/png;base64,AAAA", ((-17.0, 179.5), (-16.5, 180.5)), 0.5)
NASTY = "</script><img src=x onerror=alert(1)>`${alert(1)}\\"


def script(**kwargs: object) -> str:
    made = base_map("../files")
    made.get_root().render()
    _get_map_string(made)
    return str(_get_feature_group_string(answer_layer(**kwargs), made))  # type: ignore[arg-type]


def test_the_offline_map_names_no_other_host() -> None:
    made = base_map("../files")
    page = made.get_root().render() + _get_map_string(made)
    assert not re.findall(r"https?://[^\s\"'<]+", page)
    assert [address for _, address in (*made.default_js, *made.default_css)] == [
        "../files/leaflet.js",
        "../files/leaflet.css",
    ]


def test_countries_are_drawn_only_where_there_are_no_tiles() -> None:
    assert "../files/countries.geojson" in _get_map_string(base_map("../files"))
    tiled = _get_map_string(base_map("../files", "http://127.0.0.1:1/{z}/{x}/{y}.png"))
    assert "countries.geojson" not in tiled
    assert "http://127.0.0.1:1/{z}/{x}/{y}.png" in tiled


def test_without_the_files_leaflet_comes_from_its_cdn() -> None:
    made = base_map(None)
    assert made.default_js[0][1].startswith("https://")
    assert "countries.geojson" not in _get_map_string(made)


def test_the_base_map_is_the_same_at_every_run_and_another_in_the_dark() -> None:
    first, second, dark = (
        generate_js_hash(_get_map_string(base_map("../f", "", d)), "m") for d in (False, False, True)
    )
    assert first == second != dark


def test_the_view_is_the_world_or_the_picture() -> None:
    assert f"goal = {[list(corner) for corner in HEAT.corners]};" in script(heat=HEAT, close=True)
    far = script(heat=HEAT)
    assert "goal = [[-56" in far
    assert "L.rectangle" not in far


def test_a_second_wish_for_the_same_view_is_another_script() -> None:
    assert script(turn=1) != script(turn=2)
    assert script(turn=1) == script(turn=1)


def test_spots_are_numbered_and_the_chosen_one_lies_on_top() -> None:
    made = script(spots=[Spot(1, (1.5, -2.5), "one"), Spot(2, (3.0, 4.0), "two", chosen=True)])
    assert re.findall(r"i\\u003e(\d)\\u003c", made) == ["1", "2"]
    offsets = [int(found) for found in re.findall(r'"zIndexOffset": (-?\d+)', made)]
    assert offsets[1] > 0 > offsets[0]
    assert made.count("pin chosen") == 1


@pytest.mark.parametrize("text", [NASTY, "a & b <b>", "😀 ü 東京", "'\"", "&lt;"])
def test_quoted_text_is_read_back_as_it_was_and_holds_no_markup(text: str) -> None:
    safe = quoted(text)
    assert html.unescape(safe) == text
    assert not set(safe) & set("<>`$\\\"'")


def test_names_never_reach_the_script_unescaped() -> None:
    spot = script(spots=[Spot(1, (1.0, 2.0), NASTY)])  # folium writes tooltips into a template literal
    assert "<img" not in spot
    assert "${" not in spot
    near = Surroundings(((0.0, 0.0), (1.0, 1.0)), (), (Town(NASTY, (0.5, 0.5)),))
    town = script(near=near)
    assert "<img" not in town
    assert "</script" not in town
