"""Which parts of a photo count, on a small random CLIP whose every step can be taken slowly."""

from __future__ import annotations

import copy
import threading
from dataclasses import replace

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from PIL import Image

from geoclip_core.earth.regions import parse_region
from geoclip_core.errors import CoordinateError, NoEvidenceError, QueryError
from geoclip_core.evidence.clip import ClipSource
from geoclip_core.evidence.metadata import MetadataSource
from geoclip_core.evidence.network import Network
from geoclip_core.locate.explain import BATCH, PhotoExplanation, crop_box, explain_photo, squares
from geoclip_core.locate.gallery import load_gallery
from geoclip_core.locate.locator import Locator
from geoclip_core.model.clip import ClipShape
from geoclip_core.model.geoclip import GeoCLIP
from geoclip_core.photo.preprocess import Preprocess

SIDE, PATCH, GRID = 112, 14, 8
SHAPE = ClipShape(dim=32, image_size=SIDE, image_width=128, image_layers=6, text_width=64, text_layers=1)


@pytest.fixture(scope="module")
def locator(tmp_path_factory) -> Locator:
    with torch.random.fork_rng(), pytest.MonkeyPatch.context() as patch:
        torch.manual_seed(20230928)
        model = GeoCLIP.untrained(SHAPE, sigmas=(1.0, 4.0), dim=16).eval().requires_grad_(False)
        for parameter in model.image_encoder.parameters():
            parameter.add_(torch.randn_like(parameter), alpha=0.1)
        patch.setenv("GEOCLIP_CACHE", str(tmp_path_factory.mktemp("cache")))
        points = np.random.default_rng(1).uniform((-60, -180), (70, 180), (300, 2))
        gallery = load_gallery(model.location_encoder, points)
    network = Network(model.location_encoder, model.image_encoder, model.text_encoder, Preprocess(size=SIDE))
    return Locator("geoclip", (ClipSource(network),), model.location_encoder, gallery, 20.0)


def network_of(locator: Locator) -> Network:
    source = locator.sources[0]
    assert isinstance(source, ClipSource)
    return source.network


@pytest.fixture(scope="module")
def photo() -> Image.Image:
    noise = np.random.default_rng(2).integers(0, 256, (40, 30, 3)).astype(np.uint8)
    return Image.fromarray(noise).resize((180, 240), Image.Resampling.BICUBIC)


@pytest.fixture(scope="module")
def answer(locator, photo):
    return locator.locate(photo)


def slow_score(locator: Locator, pixels: torch.Tensor, latlon, inside=None) -> float:
    """The log probability of a point, from the network's own forward pass."""
    network = network_of(locator)
    assert network.image_encoder is not None
    rows = np.ones(len(locator.gallery), bool) if inside is None else inside
    points = torch.tensor(np.concatenate([[latlon], locator.gallery.latlon[rows]]), dtype=torch.float32)
    with torch.no_grad():
        photo = F.normalize(network.image_encoder(pixels[None]), dim=1)
        cosines = (photo @ F.normalize(network.location_encoder(points), dim=1).T)[0]
    logits = 20.0 * cosines.double().numpy()
    return float(logits[0] - np.log((locator.gallery.weights[rows] * np.exp(logits[1:])).sum()))


def slow_falls(locator, photo, latlon, inside=None) -> np.ndarray:
    pixels = torch.from_numpy(Preprocess(size=SIDE).pixels(photo))
    whole = slow_score(locator, pixels, latlon, inside)
    falls: list[list[list[float]]] = [[[] for _ in range(GRID)] for _ in range(GRID)]
    for rows, columns in squares(GRID, GRID):
        hidden = pixels.clone()
        for y in range(rows.start, rows.stop):
            for x in range(columns.start, columns.stop):
                hidden[:, y * PATCH : (y + 1) * PATCH, x * PATCH : (x + 1) * PATCH] = 0
        fall = whole - slow_score(locator, hidden, latlon, inside)
        for y in range(rows.start, rows.stop):
            for x in range(columns.start, columns.stop):
                falls[y][x].append(fall)
    return np.array([[np.mean(cell) for cell in row] for row in falls])


@pytest.mark.slow
def test_occlusion_is_the_mean_fall_over_the_squares_that_hide_a_patch(locator, photo, answer):
    found = explain_photo(locator, photo, answer)
    slow = slow_falls(locator, photo, answer.candidates[0].latlon)
    assert found.weights.shape == (GRID, GRID)
    assert found.weights.dtype == np.float32
    assert np.abs(found.weights).max() == pytest.approx(1)
    assert found.strongest == pytest.approx(np.abs(slow).max(), rel=1e-3)
    np.testing.assert_allclose(found.weights * found.strongest, slow, atol=1e-3 * found.strongest)
    assert found.target_latlon == pytest.approx(answer.candidates[0].latlon)
    assert found.method == "occlusion"


@pytest.mark.slow
def test_another_place_and_a_region_are_explained(locator, photo, answer):
    target = (10.0, 20.0)
    found = explain_photo(locator, photo, answer, target=target)
    np.testing.assert_allclose(found.weights * found.strongest, slow_falls(locator, photo, target), atol=2e-3)
    assert found.target_latlon == target
    region = parse_region("-60,-170,60,0")
    limited = locator.locate(photo, region=region)
    inside = region.contains(locator.gallery.latlon)
    assert 0 < inside.sum() < len(inside)
    found = explain_photo(locator, photo, limited)
    slow = slow_falls(locator, photo, limited.candidates[0].latlon, inside)
    np.testing.assert_allclose(found.weights * found.strongest, slow, atol=2e-3)


def test_a_patch_that_already_has_the_mean_colour_hides_nothing(locator, answer):
    grey = Image.new("RGB", (SIDE, SIDE), tuple(round(255 * mean) for mean in Preprocess().mean))
    noise = np.random.default_rng(3).integers(0, 256, (SIDE, SIDE, 3)).astype(np.uint8)
    photo = grey.copy()
    photo.paste(Image.fromarray(noise).crop((0, 0, 28, 28)), (84, 0))  # the two by two patches at the upper right
    found = explain_photo(locator, photo, answer)
    assert np.abs(found.weights[:2, 6:]).max() == 1
    assert np.abs(found.weights[4:]).max() < 0.1
    assert np.abs(found.weights[:, :4]).max() < 0.1


@pytest.mark.slow
def test_gradients_agree_with_finite_differences(locator, photo, answer):
    found = explain_photo(locator, photo, answer, method="gradient")
    latlon, tower = answer.candidates[0].latlon, network_of(locator).image_encoder.tower
    pixels = torch.from_numpy(Preprocess(size=SIDE).pixels(photo))
    expected = np.zeros(GRID * GRID)
    chosen = [0, 9, 27, 63]
    step = 0.05
    for block in list(tower.transformer.resblocks)[-4:]:
        for patch in chosen:
            scores = []
            for sign in (1, -1):
                hook = block.attn.register_forward_hook(louder(patch + 1, sign * step))
                scores.append(slow_score(locator, pixels, latlon))
                hook.remove()
            expected[patch] += (scores[0] - scores[1]) / (2 * step)
    ours = (found.weights * found.strongest).reshape(-1)
    np.testing.assert_allclose(ours[chosen], expected[chosen], atol=0.02 * found.strongest)
    assert np.abs(expected).max() > 0.05 * found.strongest
    assert found.method == "gradient"


def louder(token: int, by: float):
    """A hook that lets the class token read one token more or less loudly than its attention says."""

    def hook(attention, given, out):
        x = given[0]
        _, weights = F.multi_head_attention_forward(
            *[x.transpose(0, 1)] * 3,
            x.shape[-1],
            attention.num_heads,
            attention.in_proj_weight,
            attention.in_proj_bias,
            *(None, None),
            False,
            0.0,
            attention.out_proj.weight,
            attention.out_proj.bias,
            need_weights=True,
            average_attn_weights=False,
        )
        values = F.linear(x, attention.in_proj_weight, attention.in_proj_bias).chunk(3, dim=-1)[2]
        head = values[0, token].reshape(attention.num_heads, -1) * weights[0, :, 0, token, None]
        changed = out[0].clone()
        changed[0, 0] += by * F.linear(head.reshape(-1), attention.out_proj.weight)
        return (changed, *out[1:])

    return hook


def test_the_gradient_leaves_no_trace_in_the_shared_model(locator, photo, answer):
    tower = network_of(locator).image_encoder.tower
    explain_photo(locator, photo, answer, method="gradient")
    assert not any(module._forward_hooks or module._forward_pre_hooks for module in tower.modules())
    assert not any(parameter.grad is not None or parameter.requires_grad for parameter in tower.parameters())


def test_users_at_once_get_their_own_explanation(locator, photo, answer):
    photos = [photo, photo.transpose(Image.Transpose.FLIP_TOP_BOTTOM)] * 3
    alone = [explain_photo(locator, p, answer, method="gradient").weights for p in photos[:2]]
    found: list[np.ndarray | None] = [None] * len(photos)

    def ask(index: int) -> None:
        found[index] = explain_photo(locator, photos[index], answer, method="gradient").weights

    threads = [threading.Thread(target=ask, args=(i,)) for i in range(len(photos))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert np.abs(alone[0] - alone[1]).max() > 0.1
    for index, weights in enumerate(found):
        np.testing.assert_allclose(weights, alone[index % 2], atol=1e-4)


def test_progress_counts_passes_and_an_error_in_it_ends_the_work(locator, photo, answer):
    calls: list[tuple[int, int]] = []
    explain_photo(locator, photo, answer, progress=lambda done, total: calls.append((done, total)))
    total = len(squares(GRID, GRID)) + 1
    assert calls[-1] == (total, total)
    assert [done for done, _ in calls] == sorted({done for done, _ in calls})

    class CancelledError(Exception):
        pass

    def stop(done: int, total: int) -> None:
        calls.append((done, total))
        raise CancelledError

    for method, first in (("occlusion", (BATCH, total)), ("gradient", (0, 1))):
        calls.clear()
        with pytest.raises(CancelledError):
            explain_photo(locator, photo, answer, method=method, progress=stop)
        assert calls == [first]


@pytest.mark.parametrize("grid", [(2, 2), (7, 7), (16, 16), (5, 9)])
def test_squares_cover_every_patch(grid):
    seen = np.zeros(grid, int)
    for square in squares(*grid):
        seen[square] += 1
        assert seen[square].size == max(1, min(grid) // 4) ** 2
    assert seen.min() >= 1


@pytest.mark.parametrize("size", [(180, 240), (240, 180), (112, 112), (501, 333), (50, 61)])
def test_the_box_is_what_the_model_sees(size):
    left, top, right, bottom = crop_box(size, SIDE)
    ramp_x = np.broadcast_to(np.arange(size[0], dtype=float) + 0.5, (size[1], size[0])) / size[0]
    ramp_y = np.broadcast_to(np.arange(size[1], dtype=float)[:, None] + 0.5, (size[1], size[0])) / size[1]
    ramps = np.stack([ramp_x, ramp_y, 0 * ramp_x], axis=-1)
    image = Image.fromarray(np.rint(255 * ramps).astype(np.uint8))
    clip = Preprocess(size=SIDE)
    seen = clip.pixels(image).transpose(1, 2, 0) * clip.std + clip.mean
    middle = seen[SIDE // 2 - 1 : SIDE // 2 + 1, SIDE // 2 - 1 : SIDE // 2 + 1].mean(axis=(0, 1))
    assert middle[0] * size[0] == pytest.approx((left + right) / 2, abs=1.5)
    assert middle[1] * size[1] == pytest.approx((top + bottom) / 2, abs=1.5)
    slope = (seen[10, -11, 0] - seen[10, 10, 0]) * size[0]  # pixels of the photo between two columns
    assert slope == pytest.approx((right - left) * (SIDE - 21) / SIDE, abs=2.5)
    assert (right - left) == pytest.approx(min(size), rel=0.02)


def test_the_overlay_colours_what_counts_and_dims_what_is_not_seen():
    weights = np.zeros((4, 4), np.float32)
    weights[0, 0], weights[3, 3] = 1, -1
    photo = Image.new("RGB", (300, 200), (128, 128, 128))
    found = PhotoExplanation(weights, 0.3, crop_box(photo.size, 224), "occlusion", (0.0, 0.0))
    drawn = np.asarray(found.overlay(photo)).astype(int)
    assert drawn.shape == (200, 300, 3)
    assert (drawn[:, :49] == 51).all()
    upper, lower, middle = drawn[5, 55], drawn[195, 245], drawn[5, 245]
    assert upper[0] > 128 > upper[2]
    assert lower[2] > 128 > lower[0]
    assert np.abs(middle - 128).max() <= 4
    assert found.overlay(photo, longest_px=60).size == (60, 40)


def test_a_strip_and_nothing_at_all_can_be_drawn():
    found = PhotoExplanation(np.zeros((2, 2), np.float32), 0.0, crop_box((900, 10), 224), "gradient", (0.0, 0.0))
    assert found.overlay(Image.new("RGB", (900, 10)), longest_px=90).size == (90, 1)


def test_a_model_that_does_not_look_at_pixels_says_so(locator, photo, answer):
    sources = (MetadataSource(Network(locator.encoder)),)
    blind = Locator("embedded", sources, locator.encoder, locator.gallery, 20.0)
    with pytest.raises(NoEvidenceError, match=r"embedded does not look at photos through CLIP.*weights fetch"):
        explain_photo(blind, photo, answer)


def test_wrong_wishes_are_refused(locator, photo, answer):
    with pytest.raises(QueryError, match="occlusion, gradient"):
        explain_photo(locator, photo, answer, method="guess")
    with pytest.raises(CoordinateError, match="target"):
        explain_photo(locator, photo, answer, target=(100.0, 0.0))


def test_half_precision_towers_are_explained_alike(locator, photo, answer):
    network = network_of(locator)
    half = replace(network, image_encoder=copy.deepcopy(network.image_encoder))
    half.image_encoder.tower.bfloat16()
    other = Locator("geoclip", (ClipSource(half),), locator.encoder, locator.gallery, 20.0)
    for method in ("occlusion", "gradient"):
        exact = explain_photo(locator, photo, answer, method=method).weights
        near = explain_photo(other, photo, answer, method=method).weights
        assert np.corrcoef(exact.ravel(), near.ravel())[0, 1] > 0.9
