"""Encodings with networks behind them, and their place in a training configuration."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import numpy as np
import pytest
import torch
from lightning.pytorch import Trainer

from geoclip_core.errors import TrainingError, WeightsError
from geoclip_core.learning.data.datamodule import GeoData
from geoclip_core.learning.data.toy import PaintedPlanet
from geoclip_core.learning.run.model_folder import export_model, read_checkpoint
from geoclip_core.learning.run.module import GeoLearner
from geoclip_core.learning.settings import LocationConfig, Recipe, TowerConfig
from geoclip_core.model.encodings.network import EncodedLocationEncoder, SirenLayer, siren
from geoclip_core.model.encodings.registry import ENCODINGS
from geoclip_core.model.location_encoders import build_location_encoder
from geoclip_core.weights.local import find_local, load_local


def test_the_network_is_that_of_geoclips_scales() -> None:
    encoder = build_location_encoder("sphere_c", width=16, dim=4, options={"frequencies": 3}).requires_grad_(False)
    x = encoder.encoding([[10.0, 20.0]])
    layers = [layer for layer in encoder.network if isinstance(layer, torch.nn.Linear)]
    assert [layer.in_features for layer in layers] == [9, 16, 16, 16]
    for layer in layers[:-1]:
        x = torch.relu(layer(x))
    torch.testing.assert_close(encoder([[10.0, 20.0]]), layers[-1](x))


def test_a_siren_keeps_the_spread_of_its_phases() -> None:
    torch.manual_seed(0)
    layer = SirenLayer(512, 4096).requires_grad_(False)
    phase = layer.linear(torch.sin(torch.rand(64, 512) * 100))
    assert float(phase.std()) == pytest.approx(1.0, abs=0.05)
    first = siren(9, 32, 4).requires_grad_(False)[0]
    assert first.w0 == 30.0
    assert float(first.linear.weight.abs().max()) <= 1 / 9
    x = torch.randn(3, 9)
    torch.testing.assert_close(first(x), torch.sin(30 * (x @ first.linear.weight.T + first.linear.bias)))


def test_both_spellings_name_the_encoder_and_a_contradiction_is_refused() -> None:
    assert LocationConfig(encoder="sphere_c_plus") == LocationConfig(kind="sphere_c_plus")
    assert LocationConfig(kind="dfs", encoder="dfs").kind == "dfs"
    assert "encoder" not in dataclasses.asdict(LocationConfig(encoder="wrap"))
    assert dataclasses.replace(LocationConfig(encoder="wrap"), dim=8).kind == "wrap"
    with pytest.raises(TrainingError, match=r"'mlp' and location\.encoder is 'wrap'"):
        LocationConfig(kind="mlp", encoder="wrap")
    with pytest.raises(WeightsError, match="geoclip has no option 'frequencies'"):
        build_location_encoder("geoclip", options={"frequencies": 3})


@pytest.mark.parametrize("name", ENCODINGS)
def test_every_encoding_learns_by_its_name(name: str) -> None:
    torch.manual_seed(0)
    encoder = EncodedLocationEncoder(name, width=16, dim=1)
    points = torch.tensor([[48.9, 2.3], [-33.9, 151.2], [40.7, -74.0], [0.0, 100.0]])
    encoder.prepare(points, torch.Generator().manual_seed(0))
    wanted = torch.tensor([[1.0], [-1.0], [-1.0], [1.0]])
    optimizer = torch.optim.Adam(encoder.parameters(), lr=1e-2)
    for _ in range(80):
        optimizer.zero_grad()
        loss = ((encoder(points) - wanted) ** 2).mean()
        loss.backward()
        optimizer.step()
    assert loss.item() < 0.05


@pytest.mark.filterwarnings("ignore:.*LeafSpec.* is deprecated", "ignore:.*does not have many workers")
def test_anchors_of_training_places_survive_checkpoint_export_and_loading(tmp_path: Path) -> None:
    tower = TowerConfig("timm", architecture="test_vit", options={"img_size": 16, "patch_size": 8}, train="all")
    location = LocationConfig(encoder="rbf", width=16, dim=8, options={"anchors": 20, "sigma_deg": 5.0})
    model = GeoLearner(tower, location, Recipe(queue_size=16, learning_rate=1e-2))
    data = GeoData(PaintedPlanet(32, size=16), validation=PaintedPlanet(8, size=16, seed=2), batch_size=16)
    quiet = {"logger": False, "enable_progress_bar": False, "enable_model_summary": False, "limit_val_batches": 0}
    model.provenance = {"data": data.digest, "preprocess": {"size": 16, "mean": [0.5] * 3, "std": [0.2] * 3}}
    trainer = Trainer(max_steps=2, accelerator="cpu", enable_checkpointing=False, num_sanity_val_steps=0, **quiet)
    trainer.fit(model, datamodule=data)
    anchors = model.location_encoder.encoding.points
    places = {tuple(place) for place in data.train_latlon.astype(np.float32).tolist()}
    assert {tuple(anchor) for anchor in anchors.tolist()} <= places
    trainer.save_checkpoint(tmp_path / "last.ckpt", weights_only=False)
    again, _ = read_checkpoint(tmp_path / "last.ckpt")
    assert torch.equal(again.location_encoder.encoding.points, anchors)
    points = np.array([[48.9, 2.3], [-33.9, 151.2]], dtype=np.float32)
    export_model(tmp_path / "last.ckpt", tmp_path / "model", name="anchors", licence="MIT", gallery=points)
    loaded = load_local(find_local(str(tmp_path / "model")))
    with torch.no_grad():
        assert torch.equal(loaded.location_encoder(points), model.location_encoder(points))
