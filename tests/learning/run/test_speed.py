"""What saves time or memory changes no result, and a schedule in steps does not depend on the size of the data."""

from __future__ import annotations

import shutil
import sys

import pytest
import torch
from PIL import Image

from geoclip_core.errors import TrainingError
from geoclip_core.learning.objective.gps_queue import GpsQueue
from geoclip_core.learning.objective.objective import Objective
from geoclip_core.learning.optim.schedule import learning_rate_factor
from geoclip_core.learning.settings import Recipe
from geoclip_core.locate.load import load_locator
from geoclip_core.model.location_encoder import LocationEncoder
from tests.learning.conftest import ONE_EPOCH, Finished, Fit, checkpoint, column, losses
from training import export_weights


@pytest.mark.slow
def test_memory_and_time_are_saved_without_changing_the_losses(
    fit: Fit, finished: Finished, monkeypatch: pytest.MonkeyPatch
) -> None:
    compiled = []
    monkeypatch.setenv("CXX", sys.executable)  # anything that is there
    monkeypatch.setattr(torch.nn.Module, "compile", lambda self: compiled.append(type(self).__name__))
    run = fit("run", ONE_EPOCH, "--model.speed.checkpointing=true", "--model.speed.compile=true")
    assert compiled == ["ResNet", "Sequential", "LocationEncoder"]
    there, here = losses(finished(ONE_EPOCH)), losses(run)
    for step, loss in there.items():
        assert float(here[step]) == pytest.approx(float(loss), rel=1e-4), step


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore")  # torch.compile warns of its own doings
@pytest.mark.skipif(shutil.which("g++") is None, reason="torch.compile needs a C++ compiler, and there is no g++")
def test_a_compiled_run_goes_on_is_exported_and_answers(fit: Fit, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("CXX", raising=False)
    options = '{"img_size": 16, "patch_size": 8, "depth": 1}'  # the smallest tower: every kernel takes g++ seconds
    small = ("--model.tower.architecture=test_vit", f"--model.tower.options={options}", "--trainer.limit_val_batches=0")
    compiled = (*small, "--model.speed.compile=true", "--model.recipe.optimizer=adamw")
    torch._dynamo.reset()
    try:
        with torch._inductor.config.patch({"cpp.simdlen": 1}):  # g++ takes half the time for plain loops
            run = fit("run", *compiled, "--trainer.max_steps=1")
            assert torch._dynamo.utils.counters["stats"]["unique_graphs"] >= 3  # tower, heads and location encoder
            fit("run", "--ckpt_path=last", *compiled, "--trainer.max_steps=2")
    finally:
        torch._dynamo.reset()
    plain = fit("plain", *small, "--model.recipe.optimizer=adamw", "--trainer.max_steps=2")
    for step, loss in losses(plain).items():
        assert float(losses(run)[step]) == pytest.approx(float(loss), rel=1e-4), step
    there, here = (checkpoint(each)["state_dict"] for each in (plain, run))
    assert there.keys() == here.keys()
    assert all(torch.allclose(there[key], here[key], rtol=1e-2, atol=1e-3) for key in there)
    export_weights.main(run / "checkpoints" / "last.ckpt", fit.root / "model", licence="MIT")  # type: ignore[attr-defined]
    locator = load_locator(str(fit.root / "model"))  # type: ignore[attr-defined]
    assert locator.locate(Image.new("RGB", (40, 30), (30, 90, 200))).candidates


def test_without_a_compiler_it_says_so(fit: Fit, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CXX", "no-such-compiler")
    with pytest.raises(TrainingError, match=r"model.speed.compile needs a C\+\+ compiler, and no-such-compiler is not"):
        fit("run", "--model.speed.compile=true")


@pytest.mark.slow
def test_adamw_and_a_schedule_in_steps_are_settings(fit: Fit) -> None:
    more = ("--model.recipe.optimizer=adamw", "--model.recipe.weight_decay=0.1", "--model.recipe.decay_steps=4")
    run = fit("run", *more)
    rates = column(run, "lr-AdamW")
    assert rates == pytest.approx([1e-3 * 0.87 ** (step // 4) for step in range(12)])
    assert checkpoint(run)["optimizer_states"][0]["param_groups"][0]["weight_decay"] == 0.1


def test_a_validation_encodes_less_than_a_tenth_of_what_an_epoch_does(
    fit: Fit, monkeypatch: pytest.MonkeyPatch
) -> None:
    encode, points = LocationEncoder.forward, {True: 0, False: 0}

    def counting(self, latlon):
        points[torch.is_grad_enabled()] += len(latlon)
        return encode(self, latlon)

    monkeypatch.setattr(LocationEncoder, "forward", counting)
    # As many places of the queue for each photo as with the paper's sizes; the gallery is that of the training places.
    fit("run", ONE_EPOCH, "--model.recipe.queue_size=256", "--data.gallery_size=100000")
    forwards_and_backwards = 3
    assert 190 <= points[False] < 0.1 * forwards_and_backwards * points[True]


def test_the_learning_rate_of_small_data_stays_useful() -> None:
    paper, in_steps = Recipe(), Recipe(decay_steps=9200)
    # 20 epochs of 20,000 photos in batches of 512: 40 steps each.
    assert learning_rate_factor(799, 40, 800, paper) == pytest.approx(0.87**19)
    assert learning_rate_factor(799, 40, 800, in_steps) == 1
    assert learning_rate_factor(9200 * 19, 9200, 9200 * 20, paper) == learning_rate_factor(9200 * 19, 9200, 1, in_steps)


def test_the_loss_of_validation_does_not_depend_on_batches() -> None:
    torch.manual_seed(0)
    objective = Objective(Recipe(queue_size=4), GpsQueue(4))
    weight = torch.randn(2, 8)
    images, latlon, others = torch.randn(10, 2, 8), torch.rand(10, 2) * 50, torch.rand(30, 2) * 50
    others[3] = latlon[1]  # its own place in the gallery is no other place
    vectors = torch.nn.functional.normalize(others @ weight, dim=1)

    def loss(rows: slice) -> torch.Tensor:
        return objective.validation_loss(
            images[rows], latlon[rows], lambda points: points @ weight, torch.tensor(5.0), others, vectors
        )

    parts = [(loss(rows), len(images[rows])) for rows in (slice(0, 3), slice(3, 4), slice(4, 10))]
    assert float(loss(slice(0, 10))) == pytest.approx(
        sum(float(value) * count for value, count in parts) / 10, rel=1e-6
    )
    views = torch.nn.functional.normalize(images[1], dim=-1)
    own = torch.nn.functional.normalize(latlon[1] @ weight, dim=0)
    rest = vectors[[i for i in range(30) if i != 3]]
    slow = [-torch.log_softmax(5 * torch.cat((own[None], rest)) @ view, 0)[0] for view in views]
    assert float(loss(slice(1, 2))) == pytest.approx(float(torch.stack(slow).mean()), rel=1e-5)
