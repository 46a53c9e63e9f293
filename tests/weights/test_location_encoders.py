"""A location encoder of one's own: a class and a line in the registry, from training to an exported model."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from lightning.pytorch import Trainer
from torch import Tensor, nn

from geoclip_core.errors import WeightsError
from geoclip_core.learning.data.datamodule import GeoData
from geoclip_core.learning.data.toy import PaintedPlanet
from geoclip_core.learning.run.model_folder import export_model, read_checkpoint
from geoclip_core.learning.run.module import GeoLearner
from geoclip_core.learning.settings import LocationConfig, Recipe, TowerConfig
from geoclip_core.model.location_encoder import BaseLocationEncoder
from geoclip_core.model.location_encoders import LOCATION_ENCODERS
from geoclip_core.weights.local import find_local, load_local


class Harmonics(BaseLocationEncoder):
    """Three linear waves; takes only the dimension of what the configuration says."""

    def __init__(self, *, dim: int = 512) -> None:
        super().__init__()
        self.dim, self.layer = dim, nn.Linear(4, dim)

    def encode(self, latlon: Tensor) -> Tensor:
        angles = torch.deg2rad(latlon)
        out: Tensor = self.layer(torch.cat((angles.sin(), angles.cos()), dim=1))
        return out


@pytest.mark.filterwarnings("ignore:.*LeafSpec.* is deprecated", "ignore:.*does not have many workers")
def test_a_new_encoder_is_trained_exported_loaded_and_asked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(LOCATION_ENCODERS, "harmonics", Harmonics)
    tower = TowerConfig("timm", architecture="test_vit", options={"img_size": 16, "patch_size": 8}, train="all")
    model = GeoLearner(tower, LocationConfig(kind="harmonics", dim=8), Recipe(queue_size=16, learning_rate=1e-2))
    before = model.location_encoder.layer.weight.detach().clone()
    data = GeoData(PaintedPlanet(32, size=16), validation=PaintedPlanet(8, size=16, seed=2), batch_size=16)
    quiet = {"logger": False, "enable_progress_bar": False, "enable_model_summary": False, "limit_val_batches": 0}
    model.provenance = {"data": data.digest, "preprocess": {"size": 16, "mean": [0.5] * 3, "std": [0.2] * 3}}
    trainer = Trainer(max_steps=2, accelerator="cpu", enable_checkpointing=False, num_sanity_val_steps=0, **quiet)
    trainer.fit(model, datamodule=data)
    assert not torch.equal(model.location_encoder.layer.weight, before)
    trainer.save_checkpoint(tmp_path / "last.ckpt", weights_only=False)
    assert isinstance(read_checkpoint(tmp_path / "last.ckpt")[0].location_encoder, Harmonics)
    points = np.array([[48.9, 2.3], [-33.9, 151.2]], dtype=np.float32)
    export_model(tmp_path / "last.ckpt", tmp_path / "model", name="waves", licence="MIT", gallery=points)
    loaded = load_local(find_local(str(tmp_path / "model")))
    with torch.no_grad():
        assert torch.equal(loaded.location_encoder(points), model.location_encoder(points))
    monkeypatch.delitem(LOCATION_ENCODERS, "harmonics")
    with pytest.raises(WeightsError, match=r"no location encoder 'harmonics'"):
        load_local(find_local(str(tmp_path / "model")))


def test_a_checkpoint_of_before_there_was_a_choice_is_the_papers(tmp_path: Path) -> None:
    model = GeoLearner(location=LocationConfig((1.0,), 8, 16, 8), recipe=Recipe(queue_size=4))
    checkpoint = {"state_dict": model.state_dict()}
    model.provenance = {"data": "0"}
    monkey = {"batch_size": 4, "processes": 1}
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(GeoLearner, "batches", monkey)
        model.on_save_checkpoint(checkpoint)
    settings = checkpoint["geoclip"]["settings"]
    assert settings["location"].pop("kind") == "geoclip"
    assert settings["tower"].pop("backbone") == "clip-vit-l-14"
    torch.save(checkpoint, tmp_path / "old.ckpt")
    again, _ = read_checkpoint(tmp_path / "old.ckpt")
    assert (again.location, again.tower) == (model.location, model.tower)
    assert all(torch.equal(value, again.state_dict()[key]) for key, value in model.state_dict().items())
