"""The package, and its command line's help, must open at once: heavy things are loaded when they are used."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest

HEAVY = {"torch", "torchvision", "open_clip", "streamlit", "folium", "ray", "lightning", "pandas", "geopandas"}
HEAVY |= {"numpy", "scipy", "PIL", "transformers", "sentence_transformers", "huggingface_hub"}
# Python itself starts with about 60 modules; each one more costs a file to find and to read.
MOST_MODULES = 120


def modules_after(statement: str) -> set[str]:
    code = f"{statement}; import sys, json; print(json.dumps(sorted(sys.modules)))"
    # -S: without the start-up files of the environment, which may import anything.
    run = subprocess.run(
        [sys.executable, "-S", "-c", f"import sys; sys.path[:0] = {sys.path!r}; {code}"],
        check=True,
        capture_output=True,
        text=True,
    )
    return set(json.loads(run.stdout))


def test_importing_the_package_is_light() -> None:
    loaded = modules_after("import geoclip_core")
    assert not HEAVY & loaded
    assert len(loaded) < MOST_MODULES


def test_the_errors_can_be_had_without_the_models() -> None:
    assert not HEAVY & modules_after("import geoclip_core; geoclip_core.GeoclipError; geoclip_core.NoEvidenceError")


@pytest.mark.parametrize("module", ["weights.resolve", "photo.exif", "learning.data.manifest"])
def test_what_needs_no_network_does_not_import_torch(module: str) -> None:
    loaded = modules_after(f"import geoclip_core.{module}")
    assert not {"torch", "lightning", "pandas"} & loaded


def test_the_command_line_describes_itself_without_the_models() -> None:
    loaded = modules_after("import geoclip_core.__main__")
    assert not HEAVY & loaded


def test_every_public_name_is_there_and_no_other() -> None:
    import geoclip_core

    for name in geoclip_core.__all__:
        assert getattr(geoclip_core, name).__name__ == name
    with pytest.raises(AttributeError, match="has no attribute 'Locater'"):
        _ = geoclip_core.Locater
