from __future__ import annotations

import hashlib
import re
from dataclasses import FrozenInstanceError
from importlib.metadata import distribution
from pathlib import Path

import pytest

from geoclip_core.errors import WeightsError
from geoclip_core.model.backbones.registry import CLIP_L14
from geoclip_core.photo.preprocess import Preprocess
from geoclip_core.weights.registry import CLIP_ON_HUB, KNOWN_CLIP_FILES, MODELS, RELEASED_PARTS, find_record


@pytest.mark.parametrize("name", MODELS)
def test_a_record_holds_everything_one_must_know(name: str) -> None:
    record = find_record(name)
    assert record.name == name
    assert record.summary.endswith(".")
    assert "arXiv:2309.16020" in record.paper
    assert record.preprocess == Preprocess()
    assert record.sigmas == (1.0, 16.0, 256.0)
    assert {"location_encoder", "logit_scale", "gallery"} <= set(record.parts)
    for part in record.parts.values():
        assert re.fullmatch("[0-9a-f]{64}", part.sha256)
        assert part.size > 0
        assert part.origin
        assert part.licence == "MIT"
    for shares in record.reference.values():
        assert len(shares) == 5
        assert list(shares) == sorted(shares)
        assert 0 < shares[0] < shares[-1] < 100


def test_the_full_model_has_an_image_part_and_the_papers_numbers() -> None:
    record = find_record("geoclip")
    assert "image_mlp" in record.parts
    assert record.backbone == CLIP_L14
    assert (14.11, 34.47, 50.65, 69.67, 83.82) in record.reference.values()
    assert find_record("embedded").backbone is None
    assert "image_mlp" not in find_record("embedded").parts


@pytest.mark.parametrize("part", RELEASED_PARTS)
def test_sizes_and_digests_are_those_of_the_installed_files(part: str) -> None:
    record = RELEASED_PARTS[part]
    data = Path(str(distribution("geoclip").locate_file(record.name))).read_bytes()
    assert len(data) == record.size
    assert hashlib.sha256(data).hexdigest() == record.sha256


def test_the_file_on_the_hub_is_pinned_and_known() -> None:
    assert re.fullmatch("[0-9a-f]{40}", CLIP_ON_HUB.revision)
    assert CLIP_ON_HUB.repo == "openai/clip-vit-large-patch14"
    assert CLIP_ON_HUB.file.sha256 in KNOWN_CLIP_FILES
    assert all(re.fullmatch("[0-9a-f]{64}", digest) for digest in KNOWN_CLIP_FILES)


def test_an_unknown_model_is_answered_with_those_that_exist() -> None:
    with pytest.raises(WeightsError, match=r"no model called 'geoklip'.*Allowed: auto, geoclip, embedded"):
        find_record("geoklip")


def test_records_cannot_be_changed() -> None:
    record = find_record("geoclip")
    with pytest.raises(FrozenInstanceError):
        record.name = "mine"  # type: ignore[misc]
    for table in (MODELS, record.parts, record.reference, KNOWN_CLIP_FILES):
        with pytest.raises(TypeError, match="does not support item assignment"):
            table["x"] = "y"  # type: ignore[index]
