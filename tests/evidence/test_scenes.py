"""Kinds of things: the table, the classifier, and the wide map they come to."""

from __future__ import annotations

import csv

import numpy as np
import pytest
import timm
import torch
from PIL import Image

from geoclip_core.album.album import AlbumPhoto
from geoclip_core.album.filling import fill
from geoclip_core.earth.country_names import country_name
from geoclip_core.earth.regions import parse_region
from geoclip_core.errors import WeightsError
from geoclip_core.evidence import scenes as module
from geoclip_core.evidence.network import Network
from geoclip_core.evidence.scene_classes.classifier import CLASSES, class_names, class_probabilities, fused
from geoclip_core.evidence.scene_classes.table import scenes
from geoclip_core.evidence.scenes import SceneSource, where_photographed
from geoclip_core.files import asset_path
from geoclip_core.photo.decode import open_photo
from tests.conftest import Released


def seen(**shares: float) -> np.ndarray:
    """Probabilities by class name; the rest on a class that tells nothing."""
    probability = np.zeros(CLASSES)
    for name, share in shares.items():
        probability[class_names().index(name)] = share
    probability[class_names().index("cup")] += 1 - probability.sum()
    return probability


def test_the_table_names_classes_as_imagenet_does_and_shares_are_shares() -> None:
    with asset_path("scenes.csv").open(encoding="utf-8", newline="") as stream:
        rows = list(csv.DictReader(stream))
    assert 150 <= len(rows) == len(scenes()) <= 400
    for row in rows:
        scene = scenes()[int(row["class"])]
        assert class_names()[scene.number].startswith(row["name"])
        assert 0 < sum(share for _, share in scene.areas) < 1
        # Every number of the row was read: a misspelt area would be taken for a country, which is refused.
        assert len(scene.areas) == sum(word.isdigit() for word in row["areas"].split())


def test_the_mixture_keeps_what_is_everywhere_out() -> None:
    regions, weights = where_photographed(seen(alp=0.5))
    listed = sum(share for _, share in scenes()[class_names().index("alp")].areas)
    assert sum(weights) == pytest.approx(0.5 * listed)
    assert len(regions) == len(set(regions))
    assert where_photographed(seen()) == ((), ())


def test_probabilities_sum_to_one_whatever_the_shape() -> None:
    noise = np.random.default_rng(0).integers(0, 255, (40, 900, 3), dtype=np.uint8)
    found = class_probabilities(Image.fromarray(noise))
    assert found.shape == (CLASSES,)
    assert found.sum() == pytest.approx(1)


def test_normalisation_within_the_convolutions_changes_nothing() -> None:
    network = timm.create_model("tf_efficientnet_lite0", num_classes=7, bn_eps=1e-3).eval()
    for layer in network.modules():
        if isinstance(layer, torch.nn.BatchNorm2d):  # fresh ones do nothing, and would hide a mistake
            for values in (layer.weight, layer.bias, layer.running_mean, layer.running_var):
                torch.nn.init.uniform_(values, 0.5, 1.5)
    pixels = torch.randn(2, 3, 64, 64)
    with torch.inference_mode():
        wanted = network(pixels)
        found = fused(network)(pixels)
    assert not any(isinstance(layer, torch.nn.BatchNorm2d) for layer in network.modules())
    assert wanted.std() > 1e-3
    assert torch.allclose(found, wanted, rtol=1e-4, atol=1e-4 * float(wanted.abs().max()))


def test_a_mountain_is_a_wide_map_and_a_cup_is_no_clue(embedded_locator, monkeypatch) -> None:
    picture = Image.new("RGB", (300, 200), "white")
    monkeypatch.setattr(module, "class_probabilities", lambda image: seen(alp=0.72))
    asked = {"without": ("signs", "overhead")}
    answer = embedded_locator.locate(picture, **asked)
    assert answer.evidence[0].label == (
        "Looks like a mountain (72 %): here is where such photos are taken. This is weak evidence: get the full model"
    )
    assert answer.candidates[0].probability < 0.2
    codes, shares = zip(*answer.countries, strict=True)
    assert len(set(codes)) == len(codes)
    assert list(shares) == sorted(shares, reverse=True)
    assert 0.9 < sum(shares) <= 1 + 1e-9
    switzerland = parse_region("CH").contains(answer.posterior.latlon)
    assert dict(answer.countries)["CH"] == pytest.approx(answer.posterior.probability[switzerland].sum(), rel=1e-6)
    assert answer.confidence_text().startswith(f"A wide map, not a place: {country_name(codes[0])} ")
    assert answer.to_dict()["countries"][0] == {"country_code": codes[0], "probability": shares[0]}
    (entry,) = fill(embedded_locator, [AlbumPhoto(picture, "mountain.jpg")])
    assert (entry.status, entry.places, entry.latlon) == ("answered", (), None)
    assert entry.evidence[0].startswith("A wide map, not a place: ")
    assert embedded_locator.locate(text="Bern").countries == ()
    outcomes = {r.source: r.outcome for r in answer.asked}
    assert (outcomes["signs"], outcomes["overhead"], outcomes["scenes"]) == ("left out", "left out", "used")
    (told,) = (source for source in answer.to_dict()["sources"] if source["source"] == "scenes")
    assert told["best"]["country_code"]
    monkeypatch.setattr(module, "class_probabilities", lambda image: seen())
    with pytest.raises(Exception, match=r"perhaps a cup, 100 %; cups are everywhere") as told:
        embedded_locator.locate(picture, **asked)
    assert [r.outcome for r in told.value.reports if r.source == "scenes"] == ["nothing"]


def test_damaged_weights_are_told_and_no_failure(released: Released, monkeypatch) -> None:
    def damaged(image: Image.Image) -> np.ndarray:
        raise WeightsError("x.pth is not the released file", hint="install it again")

    monkeypatch.setattr(module, "class_probabilities", damaged)
    finding = SceneSource(Network(released.encoder)).photo(open_photo(Image.new("RGB", (50, 50))))
    assert finding.evidence == ()
    assert "x.pth is not the released file" in finding.reason
    assert "install it again" in finding.warnings[0]
