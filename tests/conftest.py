"""What several rooms' tests share: the public test data, an empty machine, a small CLIP, the reference."""

from __future__ import annotations

import os
import sys
import warnings
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from xdist.scheduler import LoadFileScheduling

if "PYTEST_XDIST_WORKER" in os.environ:
    os.environ.setdefault("OMP_NUM_THREADS", "1")  # before torch is imported: two workers share the processor

FUZZ = int(os.environ.get("GEOCLIP_FUZZ", "1"))
"""How many times over made-up inputs are tried: ``GEOCLIP_FUZZ=10 pytest tests/fuzz tests/photo/test_mutations.py``."""


BROWSER = "tests/page/browser"
"""Tests in here share a server of the page and a browser, which take seconds to start: one worker runs them all."""


def scope(nodeid: str) -> str:
    """What is run by one worker, in one go: the tests of a file, or those in a browser."""
    return BROWSER if nodeid.startswith(f"{BROWSER}/") else nodeid.split("::")[0]


class Scheduling(LoadFileScheduling):
    """How ``-n 2 --dist loadfile`` shares the tests out."""

    def _split_scope(self, nodeid: str) -> str:
        return scope(nodeid)


def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> Scheduling | None:
    return Scheduling(config, log) if config.getoption("dist") == "loadfile" else None


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """What has the most slow tests first: two workers that share the tests then end at about the same time."""
    slow = Counter(scope(item.nodeid) for item in items if item.get_closest_marker("slow"))
    items.sort(key=lambda item: -slow[scope(item.nodeid)])


@pytest.fixture(autouse=True)
def same_main_module(monkeypatch: pytest.MonkeyPatch) -> None:
    """Streamlit's AppTest leaves its script behind as `__main__`, which a new process of a later test would run."""
    monkeypatch.setitem(sys.modules, "__main__", sys.modules["__main__"])


@pytest.fixture(autouse=True)
def exact_arithmetic() -> Iterator[None]:
    """No test may leave the processor taking the tiniest numbers as zeros: results of later tests would differ."""
    yield
    assert sys.float_info.min / 2 > 0, "put it in `with tiny_numbers_as_zeros()`"


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """The folder of public data beside the repository; tests that need it skip where it is absent."""
    folder = Path(__file__).resolve().parents[2] / "shared" / "data"
    if not folder.is_dir():
        pytest.skip("the public test data (../shared/data) is not on this machine")
    return folder


@pytest.fixture
def empty_machine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A machine without any weights or caches: home, hub cache and our own cache are empty folders."""
    from huggingface_hub import constants

    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    monkeypatch.setenv("GEOCLIP_CACHE", str(tmp_path / "cache"))
    monkeypatch.delenv("GEOCLIP_CLIP", raising=False)
    monkeypatch.setattr(constants, "HF_HUB_CACHE", str(tmp_path / "hub"))
    return tmp_path


@dataclass(frozen=True)
class SmallClip:
    """A CLIP with random weights that fits into a test, as towers and as open_clip's plain state dict."""

    shape: Any
    image: Any
    text: Any
    state: Mapping[str, Any]


@pytest.fixture(scope="session")
def small_clip() -> SmallClip:
    import torch

    from geoclip_core.model.clip import ClipShape, build_towers

    shape = ClipShape(dim=32, image_size=28, patch=14, image_width=128, image_layers=2, text_width=64, text_layers=2)
    with torch.random.fork_rng():
        torch.manual_seed(20230928)
        image, text = (tower.eval().requires_grad_(False) for tower in build_towers(shape))
        for parameter in (*image.parameters(), *text.parameters()):
            # Fresh biases are zero and fresh norms are one; mistakes in copying them must show.
            parameter.add_(torch.randn_like(parameter), alpha=0.1)
    state = {f"visual.{key}": value for key, value in image.state_dict().items()} | dict(text.state_dict())
    return SmallClip(shape, image, text, state | {"logit_scale": torch.tensor(4.6052)})


@pytest.fixture(scope="session")
def reference() -> Any:
    """The package geoclip, whose answers are the standard; imported by tests only."""
    with warnings.catch_warnings():
        # It compiles its Fourier features with torch.jit.script, which torch has deprecated since.
        warnings.filterwarnings("ignore", "`torch.jit.script` is deprecated", FutureWarning)
        import geoclip
    return geoclip


@dataclass(frozen=True)
class Released:
    """The released location encoder, its gallery, and the factor on cosines."""

    encoder: Any
    gallery: Any
    scale: float


@pytest.fixture(scope="session")
def released() -> Released:
    from geoclip_core.locate.gallery import load_gallery
    from geoclip_core.weights.load import LocationEncoder, read_gallery, read_logit_scale
    from geoclip_core.weights.registry import MODELS

    record = MODELS["geoclip"]
    encoder = LocationEncoder.from_pretrained()
    return Released(encoder, load_gallery(encoder, read_gallery(record)), read_logit_scale(record))


@pytest.fixture(scope="session")
def embedded_locator() -> Any:
    """The embedded model, loaded once for all tests; none of them may change it."""
    from geoclip_core.locate.load import load_locator

    return load_locator("embedded")
