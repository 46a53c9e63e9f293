"""Position encodings against their papers' formulas, at special points, and across the antimeridian."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch
from scipy.special import sph_harm_y

from geoclip_core.errors import WeightsError
from geoclip_core.model.encodings.encoding import geometric_frequencies
from geoclip_core.model.encodings.registry import ENCODINGS, build_encoding

DIMS = {"direct": 2, "cartesian": 3, "wrap": 4, "grid": 4 * 16, "theory": 6 * 16, "sphere_c": 3 * 16}
DIMS |= {"sphere_c_plus": 6 * 16, "sphere_m": 5 * 16, "sphere_m_plus": 8 * 16, "dfs": 4 * 8 + 4 * 64, "nerf": 60}
DIMS |= {"rbf": 200, "rff": 512, "tile": 36 * 72, "fourier_plain": 1536, "spherical_harmonics": 100}
SEAMLESS = {"cartesian", "wrap", "nerf", "spherical_harmonics"}
POLES = {"cartesian", "nerf", "spherical_harmonics"}


@pytest.fixture
def points() -> np.ndarray:
    chance = np.random.default_rng(0)
    return np.stack([np.degrees(np.arcsin(chance.uniform(-1, 1, 50))), chance.uniform(-180, 180, 50)], axis=1)


@pytest.mark.parametrize("name", ENCODINGS)
def test_dimensions_kinds_of_input_and_rows_one_by_one(name: str, points: np.ndarray) -> None:
    encoding = build_encoding(name)
    found = encoding(points)
    assert (found.shape, found.dtype, encoding.dim) == ((50, DIMS[name]), torch.float32, DIMS[name])
    assert torch.isfinite(found).all()
    assert list(encoding.parameters()) == []
    given = torch.from_numpy(points)
    torch.testing.assert_close(encoding(given), found)
    assert torch.equal(given, torch.from_numpy(points))  # the input is not changed
    torch.testing.assert_close(torch.cat([encoding(point[None]) for point in points]), found, atol=1e-5, rtol=1e-5)


@pytest.mark.parametrize("name", ENCODINGS)
def test_the_seam_is_where_the_formula_has_one(name: str) -> None:
    encoding = build_encoding(name)
    if name == "rbf":
        encoding.points[0] = torch.tensor([10.0, 179.5])
    west, east = encoding([[10.0, -180.0]]), encoding([[10.0, np.nextafter(np.float32(180), np.float32(0))]])
    jumps = float((west - east).abs().max()) > 0.05
    assert jumps == encoding.seam == (name not in SEAMLESS)


@pytest.mark.parametrize("name", ["sphere_c", "sphere_c_plus", "sphere_m", "sphere_m_plus", "dfs"])
def test_whole_frequencies_of_longitude_close_the_seam(name: str) -> None:
    encoding = build_encoding(name, whole=True, shortest=0.05, longest=1.0)
    west, east = encoding([[10.0, -180.0]]), encoding([[10.0, 180.0]])
    assert not encoding.seam
    torch.testing.assert_close(west, east, atol=1e-4, rtol=0)
    assert encoding.f_lon.min() == 1


@pytest.mark.parametrize("name", ["cartesian", "nerf", "spherical_harmonics", "grid", "direct"])
def test_poles_are_one_point_where_the_formula_knows_the_sphere(name: str) -> None:
    found = build_encoding(name)([[90.0, 0.0], [90.0, 77.0], [-90.0, 0.0], [-90.0, -120.0]])
    same = torch.allclose(found[0], found[1], atol=1e-4) and torch.allclose(found[2], found[3], atol=1e-4)
    assert same == (name in POLES)
    # The waves of NeRF have a period of 2, so the two ends of an axis are one point to its paper's formula.
    assert torch.allclose(found[0], found[2], atol=1e-2) == (name == "nerf")


@pytest.mark.parametrize("name", sorted(set(ENCODINGS) - {"tile"}))
def test_near_points_have_near_vectors(name: str, points: np.ndarray) -> None:
    encoding = build_encoding(name)
    inside = np.clip(points, [-85, -175], [85, 175])
    steps = [float((encoding(inside + d) - encoding(inside)).abs().max()) for d in (1e-4, 1e-3, 1e-2)]
    assert steps[0] < 0.02
    assert steps[0] <= steps[1] + 1e-4
    assert steps[1] <= steps[2] + 1e-4


def test_frequencies_run_exactly_between_their_ends() -> None:
    f = geometric_frequencies(7, 0.3, 360.0)
    assert f[0] == 1 / 0.3
    assert f[-1] == 1 / 360.0
    torch.testing.assert_close(f[1:] / f[:-1], torch.full((6,), (0.3 / 360.0) ** (1 / 6), dtype=torch.float64))
    assert geometric_frequencies(1, 2.0, 5.0).tolist() == [0.5]
    for wrong in ((0, 1.0, 2.0), (3, 0.0, 2.0), (3, 3.0, 2.0), (3, 1.0, math.inf)):
        with pytest.raises(ValueError, match="needs 1 <= frequencies"):
            geometric_frequencies(*wrong)


def test_plain_formulas_at_known_points() -> None:
    place = [[30.0, 90.0]]
    assert build_encoding("direct")(place)[0].tolist() == pytest.approx([math.pi / 2, math.pi / 6])
    assert build_encoding("cartesian")(place)[0].tolist() == pytest.approx([0, math.sqrt(3) / 2, 0.5], abs=1e-6)
    assert build_encoding("wrap")(place)[0].tolist() == pytest.approx([0, 1, math.sqrt(3) / 2, 0.5], abs=1e-6)


def test_tiles_hold_their_points_once() -> None:
    tile = build_encoding("tile", interval_deg=45.0)
    found = tile([[-90, -180], [-45.001, -135.001], [-45, -180], [90, 179.9], [90, 180]]).argmax(1).tolist()
    assert found == [0, 0, 8, 31, 24]
    with pytest.raises(ValueError, match="does not divide 180"):
        build_encoding("tile", interval_deg=7.0)


def test_grid_and_theory_are_waves_along_their_directions(points: np.ndarray) -> None:
    f = geometric_frequencies(16, 1.0, 360.0).numpy()
    lonlat = points[:, ::-1]
    lat, lon = points[:, :1] * f, points[:, 1:] * f
    expected = np.concatenate([np.sin(lon), np.cos(lon), np.sin(lat), np.cos(lat)], axis=1)
    np.testing.assert_allclose(build_encoding("grid")(points), expected, atol=1e-4)
    angles = np.radians([0, 120, 240])
    phase = ((lonlat @ np.stack([np.cos(angles), np.sin(angles)]))[:, :, None] * f).reshape(50, -1)
    np.testing.assert_allclose(
        build_encoding("theory")(points), np.concatenate([np.sin(phase), np.cos(phase)], axis=1), atol=1e-4
    )


def test_theory_permutes_when_the_plane_turns_by_120_degrees() -> None:
    encoding = build_encoding("theory", frequencies=4)
    turn = np.radians(120)
    lonlat = np.array([10.0, 5.0])
    turned = np.array([[np.cos(turn), -np.sin(turn)], [np.sin(turn), np.cos(turn)]]) @ lonlat
    a, b = (encoding([xy[::-1].copy()])[0].reshape(2, 3, 4) for xy in (lonlat, turned))
    torch.testing.assert_close(b, a.roll(1, 1), atol=1e-5, rtol=1e-5)


def test_sphere_c_at_scale_one_is_the_point_on_the_sphere(points: np.ndarray) -> None:
    one = build_encoding("sphere_c", frequencies=1, shortest=1.0)(points)
    torch.testing.assert_close(one, build_encoding("cartesian")(points)[:, [2, 0, 1]])


def test_the_families_of_sphere2vec_hold_the_terms_of_their_tables(points: np.ndarray) -> None:
    size = {"frequencies": 5, "shortest": 0.05, "longest": 1.0}
    f = geometric_frequencies(5, 0.05, 1.0).numpy()
    lat, lon = np.radians(points).T[:, :, None]
    c, s = np.cos, np.sin
    terms = {
        "sphere_c": [s(f * lat), c(f * lat) * c(f * lon), c(f * lat) * s(f * lon)],
        "sphere_m": [s(f * lat), c(f * lat) * c(lon), c(lat) * c(f * lon), c(f * lat) * s(lon), c(lat) * s(f * lon)],
    }
    grid = [s(f * lat), c(f * lat), s(f * lon), c(f * lon)]
    terms["sphere_c_plus"] = grid + terms["sphere_c"][1:]
    terms["sphere_m_plus"] = terms["sphere_m"] + grid[1:]
    products = np.einsum("ni,nj->nij", np.concatenate(grid[:2], 1), np.concatenate(grid[2:], 1)).reshape(50, -1)
    terms["dfs"] = [*grid, products]
    for name, columns in terms.items():
        np.testing.assert_allclose(
            build_encoding(name, **size)(points), np.concatenate(columns, axis=1), atol=2e-5, err_msg=name
        )


def test_nerf_is_octaves_of_space(points: np.ndarray) -> None:
    vectors = build_encoding("cartesian")(torch.from_numpy(points)).double().numpy()
    phase = (vectors[:, :, None] * np.pi * 2.0 ** np.arange(4)).reshape(50, -1)
    expected = np.concatenate([np.sin(phase), np.cos(phase)], axis=1)
    np.testing.assert_allclose(build_encoding("nerf", frequencies=4)(points), expected, atol=1e-5)
    with pytest.raises(ValueError, match="not between 1 and 16"):
        build_encoding("nerf", frequencies=32)


def test_rbf_anchors_come_from_training_places_and_see_across_the_seam_only_along_the_sphere() -> None:
    plane, arc = build_encoding("rbf", anchors=3), build_encoding("rbf", anchors=3, arc=True)
    places = torch.tensor([[0.0, 179.0], [10.0, 20.0], [40.0, -70.0], [60.0, 5.0]])
    for encoding in (plane, arc):
        encoding.prepare(places[:3], torch.Generator().manual_seed(0))
        assert sorted(encoding.points.tolist()) == sorted(places[:3].tolist())
        torch.testing.assert_close(encoding(encoding.points).diagonal(), torch.ones(3))
    near = [[0.0, -179.0]]
    assert plane(near).max() < 1e-6
    assert float(arc(near).max()) == pytest.approx(math.exp(-((2 / 2) ** 2) / 2), rel=1e-4)
    torch.testing.assert_close(plane([[0.0, 177.0]]).max(), torch.tensor(math.exp(-0.5)))
    few = build_encoding("rbf", anchors=9)
    few.prepare(places, torch.Generator().manual_seed(0))
    assert {tuple(point) for point in few.points.tolist()} <= {tuple(point) for point in places.tolist()}


def test_rff_products_approach_the_gaussian_kernel() -> None:
    torch.manual_seed(0)
    encoding = build_encoding("rff", features=40_000, sigma=3.0)
    a, b = encoding([[10.0, 20.0], [19.0, 56.0]])
    apart = np.array([9 / 90, 36 / 180])
    assert float(a @ b) == pytest.approx(math.exp(-9.0 * float(apart @ apart) / 2), abs=0.02)
    assert float(a @ a) == pytest.approx(1.0, abs=0.02)


def test_plain_fourier_features_are_geoclips_without_the_projection(points: np.ndarray) -> None:
    encoding = build_encoding("fourier_plain", sigmas=(1.0, 16.0), rows=8)
    found = encoding(points).numpy().reshape(50, 2, 2, 8)
    for scale, module in enumerate(encoding.scales):
        phase = 2 * np.pi * (points[:, ::-1] / 180) @ module.b.double().numpy().T
        np.testing.assert_allclose(found[:, scale, 0], np.cos(phase), atol=2e-4)
        np.testing.assert_allclose(found[:, scale, 1], np.sin(phase), atol=2e-4)


def test_harmonics_are_scipys_after_the_real_transform(points: np.ndarray) -> None:
    degrees = 12
    found = build_encoding("spherical_harmonics", degrees=degrees)(torch.from_numpy(points)).numpy()
    lat, lon = np.float32(points).astype(np.float64).T
    polar, azimuth = np.radians(lat + 90), np.radians(lon + 180)
    column = 0
    for degree in range(degrees):
        for order in range(-degree, degree + 1):
            value = sph_harm_y(degree, abs(order), polar, azimuth)
            real = value.real if order >= 0 else value.imag
            np.testing.assert_allclose(found[:, column], (math.sqrt(2) if order else 1) * real, atol=1e-6)
            column += 1


def test_harmonics_are_orthonormal_on_the_sphere() -> None:
    degrees = 8
    nodes, weights = np.polynomial.legendre.leggauss(degrees)
    lon = np.arange(2 * degrees) * 180.0 / degrees - 180.0
    grid = np.stack(np.meshgrid(np.degrees(np.arcsin(nodes)), lon, indexing="ij"), axis=-1).reshape(-1, 2)
    area = np.repeat(weights, 2 * degrees) * math.pi / degrees
    found = build_encoding("spherical_harmonics", degrees=degrees)(grid).double().numpy()
    np.testing.assert_allclose(found.T @ (found * area[:, None]), np.eye(degrees**2), atol=1e-5)
    high = build_encoding("spherical_harmonics", degrees=40)([[90.0, 3.0], [0.0, 0.0], [45.0, 45.0]])
    torch.testing.assert_close((high**2).sum(1), torch.full((3,), 1600 / (4 * math.pi)), rtol=1e-5, atol=0)


def test_unknown_names_and_options_are_refused() -> None:
    with pytest.raises(WeightsError, match=r"no position encoding 'sphere'. Allowed: direct, .*sphere_c_plus"):
        build_encoding("sphere")
    with pytest.raises(
        WeightsError, match=r"has no option 'frequency'. Allowed: frequencies, shortest, longest, whole"
    ):
        build_encoding("sphere_m", frequency=3)
    with pytest.raises(WeightsError, match="Allowed: no options"):
        build_encoding("wrap", frequencies=3)
