from __future__ import annotations

import json
import re
from typing import Any

from streamlit_folium import _get_feature_group_string, _get_map_string, generate_js_hash

from geoclip_core.files import asset_path
from geoclip_core.maps.basemap import Tiles
from geoclip_core.maps.folium_map import WORLD, Drawing, Legend, Outline, Pin, Track, answer_layer, base_map
from geoclip_core.maps.heat import HeatPicture
from geoclip_core.maps.surroundings import Surroundings, Town
from geoclip_core.page import texts

HEAT = HeatPicture("data:image/png;base64,AAAA", ((-17.0, 179.5), (-16.5, 180.5)), 0.5)
NASTY = "</script><img src=x onerror=alert(1)>`${alert(1)}\\"
LOCAL = Tiles("Local", "http://127.0.0.1:1/{z}/{x}/{y}.png", "nobody")


def script(drawing: Drawing) -> str:
    made = base_map("../files")
    made.get_root().render()
    _get_map_string(made)
    return str(_get_feature_group_string(answer_layer(drawing), made))


def drawn(drawing: Drawing) -> dict[str, Any]:
    """What the browser is told to draw."""
    found = re.search(r"map_div\.drawAnswer\(feature_group_feature_group_0, (\{.*\})\);", script(drawing))
    assert found
    data: dict[str, Any] = json.loads(found[1])
    return data


def test_the_offline_map_names_no_other_host() -> None:
    made = base_map("../files", towns="../made/towns.json")
    page = made.get_root().render() + _get_map_string(made)
    assert not re.findall(r"https?://[^\s\"'<]+", page)
    assert [address for _, address in (*made.default_js, *made.default_css)] == [
        "../files/leaflet.js",
        "../files/leaflet.css",
    ]


def test_countries_and_names_are_drawn_only_where_there_are_no_tiles() -> None:
    offline = _get_map_string(base_map("../files", towns="../made/towns.json"))
    assert '"countries": "../files/countries.geojson"' in offline
    assert '"towns": "../made/towns.json"' in offline
    tiled = _get_map_string(base_map("../files", [LOCAL], towns="../made/towns.json"))
    assert "countries.geojson" not in tiled
    assert "towns.json" not in tiled
    assert LOCAL.template in tiled
    assert "L.control.layers" not in tiled


def test_several_kinds_of_tiles_get_a_switch_and_one_is_shown() -> None:
    made = base_map("../files", [LOCAL, Tiles("Other", "http://127.0.0.1:2/{z}/{x}/{y}.png")])
    made.get_root().render()
    tiled = _get_map_string(made)
    assert "L.control.layers" in tiled
    assert len(re.findall(r"tile_layer_\w+\.addTo\(map", tiled)) == 1


def test_without_the_files_leaflet_comes_from_its_cdn() -> None:
    made = base_map(None)
    assert made.default_js[0][1].startswith("https://")
    assert "countries.geojson" not in _get_map_string(made)


def test_the_base_map_is_the_same_at_every_run_and_another_in_the_dark() -> None:
    first, second, dark = (
        generate_js_hash(_get_map_string(base_map("../f", (), d)), "m") for d in (False, False, True)
    )
    assert first == second != dark


def test_every_word_on_the_map_can_be_translated() -> None:
    written = asset_path("web/map.js").read_text(encoding="utf-8")
    assert set(re.findall(r'say\("([^"]+)"\)', written)) == set(texts.MAP)
    assert '"It was here": "Ici"' in _get_map_string(base_map("../f", words={"It was here": "Ici"}))


def test_the_view_is_the_world_or_the_picture() -> None:
    assert drawn(Drawing(heat=HEAT, close=True))["view"] == [list(corner) for corner in HEAT.corners]
    assert drawn(Drawing(heat=HEAT))["view"] == [list(corner) for corner in WORLD]
    assert drawn(Drawing(close=True))["view"] == [list(corner) for corner in WORLD]


def test_flying_again_to_the_same_view_is_another_script() -> None:
    assert script(Drawing(fly_count=1)) != script(Drawing(fly_count=2))
    assert script(Drawing(fly_count=1)) == script(Drawing(fly_count=1))


def test_everything_that_belongs_to_an_answer_reaches_the_browser() -> None:
    square = {"type": "Polygon", "coordinates": [[[0, 0], [1, 0], [1, 1], [0, 0]]]}
    data = drawn(
        Drawing(
            heat=HEAT,
            pins=[Pin("1", (1.5, -2.5), "one", "chosen", 0), Pin("A", (3.0, 4.0), "two", "other", 0)],
            outlines=[Outline(square, "5 4"), Outline(square, other=True)],
            region=square,
            track=Track((((0.0, 0.0), (1.0, 1.0)),), "157 km"),
            legend=Legend("linear-gradient(red, blue)", ((0.5, "0.1"),), "probability per km²", (("5 4", "90 %"),)),
        )
    )
    assert data["heat"] == {"url": HEAT.url, "corners": [[-17.0, 179.5], [-16.5, 180.5]]}
    assert [(pin["sign"], pin["kind"], pin["latlon"]) for pin in data["pins"]] == [
        ("1", "chosen", [1.5, -2.5]),
        ("A", "other", [3.0, 4.0]),
    ]
    assert [(o["dashes"], o["other"]) for o in data["outlines"]] == [("5 4", False), (None, True)]
    assert data["region"] == square
    assert data["track"] == {"latlons": [[[0.0, 0.0], [1.0, 1.0]]], "label": "157 km"}
    assert data["legend"]["ticks"] == [[0.5, "0.1"]]
    assert data["near"] is None


def test_names_never_reach_the_script_as_markup() -> None:
    near = Surroundings(((0.0, 0.0), (1.0, 1.0)), (), (Town(NASTY, (0.5, 0.5)),))
    drawing = Drawing(pins=[Pin("1", (1.0, 2.0), NASTY)], near=near)
    made = script(drawing)
    assert "<img" not in made
    assert "</script" not in made
    assert drawn(drawing)["pins"][0]["label"] == NASTY  # and yet nothing of it is lost
    assert drawn(drawing)["near"]["towns"] == [[NASTY, 0.5, 0.5]]
