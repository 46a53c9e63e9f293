"""The floors of the house: imports go down only, third-party doors stay where they belong, and files stay small."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
PACKAGE = "geoclip_core"

# What each folder may import from, besides itself and the ground floor.
GROUND = {"errors", "files"}
_EARTH = {"earth"}
_NAMES = _EARTH | {"photo", "places", "evaluation"}
_NETWORKS = _NAMES | {"text", "model"}
_OVERHEAD = _NETWORKS | {"overhead"}
_WEIGHTS = _OVERHEAD | {"weights"}
_EVIDENCE = _WEIGHTS | {"evidence"}
_LOCATE = _EVIDENCE | {"locate"}
_EXPORT = _LOCATE | {"export"}
BELOW: dict[str, set[str]] = {
    "errors": set(),
    "files": set(),
    "earth": set(),
    "photo": _EARTH,
    "places": _EARTH,
    "evaluation": _EARTH,
    "text": _NAMES,
    "model": _NAMES,
    "overhead": _NETWORKS,
    "weights": _OVERHEAD,
    "evidence": _WEIGHTS,
    "locate": _EVIDENCE,
    "export": _LOCATE,
    "album": _EXPORT,
    "maps": _EXPORT,
    "serve": _EXPORT,
    "page": _EXPORT | {"album", "maps", "serve"},
    "__main__": _EXPORT | {"album", "maps", "serve", "page"},
    "learning": {"earth", "photo", "evaluation", "model", "overhead"},
    "rivals": {"earth", "photo", "evaluation", "model", "learning"},
}
# Public methods that hand on to a higher floor when they are called; nothing else reaches upwards.
REACHES_UP = {
    ("__init__.py", PACKAGE),
    ("locate/answer.py", f"{PACKAGE}.export."),
    ("locate/field.py", f"{PACKAGE}.export.geotiff"),
}
DOORS = {
    "streamlit": {"app.py", "page"},
    "streamlit_folium": {"app.py", "page"},
    "folium": {"maps"},
    "branca": {"maps"},
    "open_clip": {"model"},
    "lightning": {"learning"},
    "webdataset": {"learning"},
    "ray": {"serve"},
    "faiss": {"locate"},
    "fastapi": {"serve"},
    "uvicorn": {"serve", "__main__"},
    "rapidocr": {"evidence"},
    "geoclip": {"training"},  # the reference, in benchmarks only; the product reads its files, never its code
}
# The one file that is let through a door for one module: the page under load is visited with a browser's messages.
LET_THROUGH = {"training/benchmarks/load/page.py": "streamlit.proto."}
FORBIDDEN_NAMES = {"utils.py", "misc.py", "helpers.py", "common.py"}
MOST_LINES, MOST_FILES = 350, 14
TOP_LEVEL = {"app.py", "geoclip_core", "assets", "training", "tests", "requirements.txt", "README.md"}


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


def late_imports(path: Path) -> list[str]:
    """First words of what the file imports by a text, with ``import_module``."""
    found = []
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Call) and getattr(node.func, "id", getattr(node.func, "attr", "")) == "import_module":
            name = node.args[0]
            parts = name.values if isinstance(name, ast.JoinedStr) else [name]
            found.append("".join(str(part.value) for part in parts if isinstance(part, ast.Constant)))
    return found


def product_files() -> list[Path]:
    return sorted((ROOT / PACKAGE).rglob("*.py")) + sorted((ROOT / "training").rglob("*.py")) + [ROOT / "app.py"]


def floor(path: Path) -> str:
    parts = path.relative_to(ROOT).parts
    if parts[0] != PACKAGE:
        return parts[0]
    return parts[1].removesuffix(".py")


@pytest.mark.parametrize("path", product_files(), ids=lambda p: str(p.relative_to(ROOT)))
def test_imports_go_down_only(path: Path) -> None:
    here = floor(path)
    for module in imports(path):
        top = module.split(".")[0]
        through = LET_THROUGH.get(path.relative_to(ROOT).as_posix())
        if top in DOORS and not (through and module.startswith(through)):
            assert here in DOORS[top], f"{path}: {top} may be imported only in {DOORS[top] or 'no product file'}"
        if top == "app":
            pytest.fail(f"{path} imports the page, which is a leaf")
        if top == "training":
            assert here == "training", f"{path} imports training/, which is a leaf"
        if top != PACKAGE or here in {"__init__", "training", "app.py"}:
            continue
        parts = module.split(".")
        if len(parts) > 1 and module != f"{PACKAGE}.__version__":
            there = parts[1]
            assert there in BELOW[here] | GROUND | {here}, f"{path}: {here} must not import {module}"


def test_only_public_methods_reach_up_and_each_is_known() -> None:
    found = {
        (str(path.relative_to(ROOT / PACKAGE)), name)
        for path in sorted((ROOT / PACKAGE).rglob("*.py"))
        for name in late_imports(path)
        if name.startswith(PACKAGE) or path.name == "__init__.py"
    }
    assert {(file, name if file != "__init__.py" else PACKAGE) for file, name in found} == REACHES_UP


def test_every_folder_has_its_floor() -> None:
    folders = {path.name for path in (ROOT / PACKAGE).iterdir() if (path / "__init__.py").is_file()}
    assert folders == set(BELOW) - {"errors", "files", "__main__"}


@pytest.mark.parametrize("path", product_files(), ids=lambda p: str(p.relative_to(ROOT)))
def test_files_are_short_and_named_for_what_they_hold(path: Path) -> None:
    assert path.name not in FORBIDDEN_NAMES
    lines = path.read_text(encoding="utf-8").count("\n")
    limit = 250 if path.name == "app.py" else MOST_LINES
    assert lines <= limit, f"{path} has {lines} lines"


def test_no_folder_is_crowded() -> None:
    folders: dict[Path, int] = {}
    for path in product_files():
        folders[path.parent] = folders.get(path.parent, 0) + (path.name != "__init__.py")
    crowded = {str(folder.relative_to(ROOT)): count for folder, count in folders.items() if count > MOST_FILES}
    assert not crowded, f"more than {MOST_FILES} files; make sub-folders: {crowded}"


def test_the_top_level_is_what_the_design_says() -> None:
    """Besides it only what tools need: dot files, documents, and the files of the build."""
    code = {path.name for path in ROOT.iterdir() if path.suffix == ".py" or (path / "__init__.py").is_file()}
    assert code <= TOP_LEVEL
    assert all((ROOT / name).exists() for name in TOP_LEVEL)


def test_no_source_of_evidence_is_known_by_name_where_answers_are_made() -> None:
    """A new source is one file and one line: locate/ handles all of them through their protocol."""
    from geoclip_core.evidence.registry import SOURCES

    for path in sorted((ROOT / PACKAGE / "locate").rglob("*.py")):
        named = {f"{PACKAGE}.evidence.{name}" for name in SOURCES} & imports(path)
        assert not named, f"{path} imports {named}"
