"""From a folder of photos to an exported model, through the scripts and YAML files that people run."""

from __future__ import annotations

import csv
import hashlib
import json
import sys
from pathlib import Path

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from PIL import Image
from safetensors.torch import load_file, save_file

from geoclip_core.earth.distance import great_circle_km
from geoclip_core.errors import GeoclipError, TrainingError, WeightsError
from geoclip_core.learning.data.features import CachedFeatures
from geoclip_core.learning.data.toy import PaintedPlanet
from geoclip_core.learning.run.model_folder import read_checkpoint
from geoclip_core.locate.load import load_locator
from geoclip_core.model.clip import ClipShape, build_towers
from geoclip_core.model.location_encoders import build_location_encoder
from geoclip_core.weights.local import local_models
from training import export_weights, make_features, make_shards, train

CONFIGS = Path(__file__).resolve().parents[2] / "training" / "configs"
QUIET = ["--trainer.enable_progress_bar=false", "--trainer.enable_model_summary=false", "--trainer.accelerator=cpu"]
SHAPE = ClipShape(dim=768, image_size=28, patch=14, image_width=128, image_layers=2, text_width=64, text_layers=1)
COUNT = 240

# The small CLIP is rightly called unknown.
pytestmark = [
    pytest.mark.slow,
    pytest.mark.filterwarnings("ignore:.*is not one of the released CLIP files:UserWarning"),
]


def painted(picture: torch.Tensor) -> np.ndarray:
    """A picture of the painted planet as a photo's pixels."""
    return ((picture.permute(1, 2, 0) / 6 + 0.5).clamp(0, 1) * 255).round().byte().numpy()


@pytest.fixture(autouse=True)
def alone(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(sys, "argv", ["train.py"])
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(threads)


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Photos of the painted planet with their table, and a small random CLIP."""
    root = tmp_path_factory.mktemp("made")
    (root / "photos").mkdir()
    planet = PaintedPlanet(COUNT, size=28, width_km=4000, seed=1)
    pictures = planet.validation_batch(np.arange(COUNT)).inputs[:, 0]
    with (root / "photos.csv").open("w", newline="") as stream:
        writer = csv.writer(stream)
        writer.writerow(("IMG_FILE", "LAT", "LON"))
        for i, picture in enumerate(pictures):
            Image.fromarray(painted(picture)).save(root / "photos" / f"{i}.png")
            writer.writerow((f"{i}.png", *planet.latlon[i].tolist()))
        writer.writerow(("gone.png", 1, 2))
    with torch.random.fork_rng():
        torch.manual_seed(7)
        image, text = build_towers(SHAPE)
    state = {f"visual.{k}": v for k, v in image.state_dict().items()}
    save_file({**state, **{k: v for k, v in text.state_dict().items() if k != "attn_mask"}}, root / "clip.safetensors")
    return root


@pytest.fixture(scope="module")
def features(made: Path) -> Path:
    """Shards, then features of them, by the scripts."""
    make_shards.main(str(made / "photos.csv"), str(made / "photos"), made / "shards", part_rows=100, check=True)
    make_features.main(
        made / "features", shards=str(made / "shards"), weights=str(made / "clip.safetensors"), views=2, part_rows=100
    )
    return made / "features"


def validation(run: Path, name: str) -> list[float]:
    with (run / "csv" / "version_0" / "metrics.csv").open() as stream:
        return [float(row[name]) for row in csv.DictReader(stream) if row.get(name)]


def test_the_scripts_report_what_they_skip(made: Path, features: Path) -> None:
    with (made / "shards" / "skipped.csv").open() as stream:
        assert list(csv.reader(stream)) == [
            ["row", "image", "reason"],
            [str(COUNT), "gone.png", "there is no such file"],
        ]
    assert json.loads((features / "settings.json").read_text())["tower"].startswith("CLIP ")


def test_photos_that_cannot_be_read_are_listed_however_often_the_script_was_stopped(made: Path, tmp_path: Path) -> None:
    (tmp_path / "bad.png").write_bytes(b"no photo")
    (tmp_path / "good.png").write_bytes((made / "photos" / "0.png").read_bytes())
    (tmp_path / "t.csv").write_text("foto,breite,laenge\nbad.png,1,2\ngood.png,3,4\n")
    for _ in range(2):
        make_features.main(
            tmp_path / "features",
            table=str(tmp_path / "t.csv"),
            folder=str(tmp_path),
            columns="image=foto,latitude=breite,longitude=laenge",
            weights=str(made / "clip.safetensors"),
            part_rows=1,
        )
        report = tmp_path / "features" / "skipped-0.csv"
        with report.open() as stream:
            assert [line["image"] for line in csv.DictReader(stream)] == ["bad.png"]
        report.unlink()  # as if the first start had been killed before it was written


def test_train_from_features_export_and_locate(
    made: Path, features: Path, tmp_path: Path, capsys: pytest.CaptureFixture
) -> None:
    run, folder = tmp_path / "run", tmp_path / "model"
    train.main(
        [
            "fit",
            f"--config={CONFIGS / 'features.yaml'}",
            f"--data.source.init_args.folder={features}",
            f"--trainer.default_root_dir={run}",
            "--data.source.init_args.views=0",
            "--trainer.max_epochs=60",
            "--trainer.check_val_every_n_epoch=10",
            "--model.recipe.decay=1",
            "--trainer.log_every_n_steps=1",
            "--data.validation=0.1",
            "--data.batch_size=72",
            "--data.gallery_size=300",
            "--model.recipe.queue_size=100",
            "--model.recipe.learning_rate=1e-3",
            "--model.location={sigmas: [1.0, 4.0], rows: 32, width: 64, dim: 32}",
            *QUIET,
        ]
    )
    last = run / "checkpoints" / "last.ckpt"
    export_weights.main(last, folder, licence="MIT", summary="A small model of a painted planet.")
    assert "median_km" in capsys.readouterr().out
    record = json.loads((folder / "record.json").read_text())
    assert record["name"] == "model"
    assert record["licence"] == "MIT"
    assert record["preprocess"] == {
        "size": 28,
        "mean": [0.48145466, 0.4578275, 0.40821073],
        "std": [0.26862954, 0.26130258, 0.27577711],
        "resize": "crop",
        "interpolation": "bicubic",
    }
    assert (record["image"]["kind"], record["image"]["backbone"]) == ("features", "clip-vit-l-14")
    assert record["image"]["tower"].startswith("CLIP ")
    assert len(record["provenance"]["git"]) == 40
    for name, mark in record["files"].items():
        assert hashlib.sha256((folder / name).read_bytes()).hexdigest() == mark["sha256"]
    state = load_file(folder / "model.safetensors")
    assert {key.split(".")[0] for key in state} == {"location_encoder", "image_mlp", "logit_scale"}
    encoder = build_location_encoder(**record["location_encoder"])
    encoder.load_state_dict({k.removeprefix("location_encoder."): v for k, v in state.items() if k.startswith("loc")})
    gallery = np.load(folder / "gallery.npy")
    model, extra = read_checkpoint(last)
    with torch.no_grad():
        points = torch.from_numpy(gallery)
        assert torch.equal(encoder(points), model.location_encoder(points))
        # Nine of ten of these photos were trained on.
        source = CachedFeatures(str(features))
        plain = source.validation_batch(np.arange(len(source)))
        photos = F.normalize(model.encode_images(plain.inputs)[:, 0], dim=1)
        best_point = gallery[(photos @ F.normalize(encoder(points), dim=1).T).argmax(1)]
    assert np.median(great_circle_km(best_point, source.latlon)) < 2500  # 10,008 km by chance
    assert record["metrics"] == extra["metrics"]
    locator = load_locator(str(folder), clip=made / "clip.safetensors", precision="float32")
    answers = [locator.locate(made / "photos" / f"{i}.png").peak_latlon for i in range(0, COUNT, 4)]
    assert np.median(great_circle_km(answers, source.latlon[::4])) < 2500
    assert locator.locate(text="a river").evidence[0].label == "what CLIP understands by “a river”"
    other = tmp_path / "other.safetensors"
    save_file({k: v + 1e-3 for k, v in load_file(made / "clip.safetensors").items()}, other)
    with pytest.raises(WeightsError, match="trained behind another CLIP"):
        load_locator(str(folder), clip=other)


def test_fit_export_and_locate_by_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    run, folder = tmp_path / "run", tmp_path / "models" / "painted planet"
    train.main(
        [
            "fit",
            f"--config={CONFIGS / 'smoke.yaml'}",
            f"--trainer.default_root_dir={run}",
            "--data.source.init_args.count=1200",
            "--data.gallery_size=1000",
            "--trainer.max_epochs=8",
            *QUIET,
        ]
    )
    export_weights.main(run / "checkpoints" / "best.ckpt", folder, licence="MIT", name="planet")
    monkeypatch.setenv("GEOCLIP_MODELS", str(tmp_path / "models"))
    assert [record.name for record in local_models()] == ["planet"]
    locator = load_locator("planet")
    planet = PaintedPlanet(30, seed=5)  # places that were not trained on
    errors = []
    for picture, truth in zip(planet.validation_batch(np.arange(30)).inputs[:, 0], planet.latlon, strict=True):
        answer = locator.locate(Image.fromarray(painted(picture)))
        assert (answer.model, answer.evidence[0].kind) == ("planet", "visual")
        errors.append(great_circle_km(answer.peak_latlon, truth))
    assert np.median(errors) < 2500  # 10,008 km by chance
    assert great_circle_km(locator.locate(text="Paris").candidates[0].latlon, (48.86, 2.35)) < 50


def test_fine_tuning_from_the_released_heads_lowers_the_loss(features: Path, tmp_path: Path) -> None:
    run = tmp_path / "run"
    train.main(
        [
            "fit",
            f"--config={CONFIGS / 'finetune_region.yaml'}",
            f"--data.source.init_args.folder={features}",
            f"--trainer.default_root_dir={run}",
            "--trainer.max_epochs=3",
            "--trainer.log_every_n_steps=1",
            "--data.region=-80,-180,80,180",
            "--data.validation=0.15",
            "--data.batch_size=48",
            "--model.recipe.queue_size=64",
            "--model.recipe.hard_negatives=1",
            "--model.recipe.warmup_steps=2",
            "--model.recipe.learning_rate=1e-4",
            *QUIET,
        ]
    )
    curve = validation(run, "validation/loss")
    assert curve[-1] < curve[0]
    tuned = torch.load(run / "checkpoints" / "last.ckpt", weights_only=True)["state_dict"]
    released = train.head_state("geoclip")
    for key, value in released.items():
        frozen = key.endswith(".b")  # the Fourier features
        assert torch.equal(tuned[key], value) == frozen, key
        assert torch.nn.functional.cosine_similarity(tuned[key].flatten(), value.flatten(), 0) > 0.98, key


def test_classification_over_geocells_learns_and_goes_on_where_it_stopped(features: Path, tmp_path: Path) -> None:
    run = tmp_path / "run"
    arguments = [
        f"--config={CONFIGS / 'geocells.yaml'}",
        f"--data.source.init_args.folder={features}",
        f"--trainer.default_root_dir={run}",
        "--data.source.init_args.views=0",
        "--trainer.check_val_every_n_epoch=10",
        "--trainer.log_every_n_steps=1",
        "--data.validation=0.1",
        "--data.batch_size=72",
        "--model.recipe.geocell_photos=3",
        "--model.recipe.geocell_smoothing_km=500",
        "--model.recipe.learning_rate=1e-3",
        "--model.recipe.decay=1",
        "--model.location={sigmas: [1.0, 4.0], rows: 32, width: 64, dim: 32}",
        *QUIET,
    ]
    train.main(["fit", *arguments, "--trainer.max_epochs=30"])
    train.main(["fit", *arguments, "--trainer.max_epochs=40", "--ckpt_path=last"])
    assert len(validation(run, "validation/median_km")) == 4  # of both parts, in one file
    model, _ = read_checkpoint(run / "checkpoints" / "last.ckpt")
    source = CachedFeatures(str(features))
    with torch.no_grad():
        photos = F.normalize(model.encode_images(source.validation_batch(np.arange(len(source))).inputs)[:, 0], dim=1)
        places = F.normalize(model.encode_places(torch.from_numpy(source.latlon)), dim=1)
    found = source.latlon[(photos @ places.T).argmax(1)]
    assert np.median(great_circle_km(found, source.latlon)) < 2500  # 10,008 km by chance


@pytest.mark.parametrize("mode", ["none", "lora"])
def test_train_from_pixels_behind_a_frozen_clip(made: Path, features: Path, tmp_path: Path, mode: str) -> None:
    del features
    run, clip = tmp_path / "run", str(made / "clip.safetensors")
    sizes = {f: getattr(SHAPE, f) for f in ("image_size", "patch", "image_width", "image_layers", "text_width")}
    arguments = [
        f"--config={CONFIGS / 'paper.yaml'}",
        f"--data.source.init_args.folder={made / 'shards'}",
        "--data.source.init_args.views.preprocess.size=28",
        f"--data.source.init_args.report={tmp_path / 'skipped.csv'}",
        "--data.split_by=region",
        "--data.validation=0.1",
        "--data.batch_size=108",
        "--data.workers=0",
        f"--start.clip={clip}",
        f"--model.tower.train={mode}",
        f"--model.tower.half={'false' if mode == 'lora' else 'true'}",
        *[f"--model.tower.clip.{name}={value}" for name, value in sizes.items()],
        "--model.tower.clip.text_layers=1",
        "--model.recipe.learning_rate=1e-2",
        "--model.location={sigmas: [1.0], rows: 16, width: 32, dim: 16}",
        f"--trainer.default_root_dir={run}",
        "--trainer.max_epochs=1",
        "--trainer.log_every_n_steps=1",
        *QUIET,
    ]
    train.main(["fit", *arguments])
    state = torch.load(run / "checkpoints" / "last.ckpt", weights_only=True)["state_dict"]
    tower = {key for key in state if key.startswith("image_tower.")}
    assert all(".lora_" in key for key in tower)  # CLIP's own weights are not copied into every checkpoint
    assert bool(tower) == (mode == "lora")
    train.main(["fit", *arguments, "--ckpt_path=last", "--trainer.max_epochs=2"])
    other = tmp_path / "other.safetensors"
    save_file({k: v + 1e-3 for k, v in load_file(clip).items()}, other)
    with pytest.raises(TrainingError, match="trained behind another tower"):
        train.main(["fit", *arguments, "--ckpt_path=last", f"--start.clip={other}"])
    if mode == "lora":
        with pytest.raises(TrainingError, match="name them with --clip"):
            export_weights.main(run / "checkpoints" / "last.ckpt", tmp_path / "model", licence="MIT")
    export_weights.main(run / "checkpoints" / "last.ckpt", tmp_path / "model", licence="MIT", clip=clip)
    exported = load_file(tmp_path / "model" / "model.safetensors")
    merged = {k.removeprefix("image_tower."): v for k, v in exported.items() if k.startswith("image_tower.")}
    given = {k.removeprefix("visual."): v for k, v in load_file(clip).items() if k.startswith("visual.")}
    changed = {key for key, value in merged.items() if not torch.equal(value, given[key])}
    if mode == "none":
        assert not merged
    else:
        assert merged.keys() == given.keys()
        assert {key.split(".mlp.")[1] for key in changed} == {"c_fc.weight", "c_proj.weight"}


def test_mistakes_on_the_command_line_end_in_one_sentence(tmp_path: Path) -> None:
    with pytest.raises(GeoclipError, match=r"There are no heads called 'nothing'.*geoclip"):
        train.head_state("nothing")
    (tmp_path / "a.ckpt").write_bytes(b"nothing")
    np.save(tmp_path / "g.npy", [[1.0, 2.0]])
    with pytest.raises(GeoclipError, match="no whole checkpoint"):
        export_weights.main(tmp_path / "a.ckpt", tmp_path / "m", licence="MIT", gallery=str(tmp_path / "g.npy"))
