"""The floors of the house: imports go down only, and third-party doors stay where they belong."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
PACKAGE = "geoclip_core"

# Each room may import from these rooms, itself and the ground floor.
GROUND = {"errors", "files"}
BELOW: dict[str, set[str]] = {
    "errors": set(),
    "files": set(),
    "earth": set(),
    "photo": {"earth"},
    "places": {"earth"},
    "evaluation": {"earth"},
    "model": {"earth", "photo", "places"},
    "weights": {"earth", "photo", "places", "model"},
    "locate": {"earth", "photo", "places", "evaluation", "model", "weights"},
    "maps": {"earth", "photo", "places", "evaluation", "model", "weights", "locate"},
    "serve": {"earth", "photo", "places", "evaluation", "model", "weights", "locate"},
    "learning": {"earth", "photo", "model", "evaluation"},
    "rivals": {"earth", "photo", "model", "learning", "evaluation"},
}
DOORS = {
    "streamlit": {"app.py", "ui"},
    "streamlit_folium": {"app.py", "ui"},
    "folium": {"maps"},
    "branca": {"maps"},
    "open_clip": {"model"},
    "lightning": {"learning"},
    "webdataset": {"learning"},
    "ray": {"serve"},
    "fastapi": {"serve"},
    "uvicorn": {"serve", "__main__"},
    "geoclip": {"training"},  # the reference, in benchmarks only; the product reads its files, never its code
}
FORBIDDEN_NAMES = {"utils.py", "misc.py", "helpers.py", "common.py"}


def imports(path: Path) -> set[str]:
    """Every module named by an import statement anywhere in the file, also inside functions."""
    found: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found.update(alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: write imports in full, so that floors can be read"
            found.add(node.module or "")
            found.update(f"{node.module}.{alias.name}" for alias in node.names)
    return found


def product_files() -> list[Path]:
    return sorted((ROOT / PACKAGE).rglob("*.py")) + sorted((ROOT / "training").rglob("*.py")) + [ROOT / "app.py"]


def room(path: Path) -> str:
    parts = path.relative_to(ROOT).parts
    if parts[0] != PACKAGE:
        return parts[0]
    return parts[1].removesuffix(".py")


@pytest.mark.parametrize("path", product_files(), ids=lambda p: str(p.relative_to(ROOT)))
def test_imports_go_down_only(path: Path) -> None:
    here = room(path)
    for module in imports(path):
        top = module.split(".")[0]
        if top in DOORS:
            assert here in DOORS[top], f"{path}: {top} may be imported only in {DOORS[top] or 'no product file'}"
        if top == "app":
            pytest.fail(f"{path} imports the page, which is a leaf")
        if top == "training":
            assert here == "training", f"{path} imports training/, which is a leaf"
        if top != PACKAGE or here in {"__init__", "__main__", "training", "app.py"}:
            continue
        parts = module.split(".")
        if len(parts) > 1:
            there = parts[1]
            assert there in BELOW[here] | GROUND | {here}, f"{path}: {here} must not import {module}"


@pytest.mark.parametrize("path", product_files(), ids=lambda p: str(p.relative_to(ROOT)))
def test_files_are_short_and_named_for_what_they_hold(path: Path) -> None:
    assert path.name not in FORBIDDEN_NAMES
    lines = path.read_text(encoding="utf-8").count("\n")
    limit = 250 if path.name == "app.py" else 350
    assert lines <= limit, f"{path} has {lines} lines"
