"""The code in README and docs is run: Python blocks as they are, commands as far as they can run here."""

from __future__ import annotations

import re
import shlex
from pathlib import Path
from typing import Any

import pytest
import typer
import typer.main

from geoclip_core.__main__ import app

ROOT = Path(__file__).resolve().parents[1]
FENCE = re.compile(r"^```(\w*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
GENERATED = {"api.md"}  # signatures, which make_docs writes from the code
NEEDS_MORE = re.compile(r"runs/|my_model|path/to|photo\.jpg|load_locator\(\"geoclip\"\)")
"""Lines of Python that need what only the reader has: a trained model, photos, CLIP's weights."""


def blocks(kind: str) -> list[tuple[str, str]]:
    found = []
    for path in [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]:
        if path.name in GENERATED:
            continue
        for number, (language, code) in enumerate(FENCE.findall(path.read_text(encoding="utf-8")), start=1):
            if (language or "sh") == kind:
                found.append((f"{path.name}-{number}", code))
    return found


def commands(program: str) -> list[tuple[str, list[str]]]:
    """Lines of shell blocks that run a program, without comments; alternatives with | are one command each."""
    found = []
    for name, code in [*blocks("sh"), *blocks("bash"), *blocks("console")]:
        for line in code.replace("\\\n", " ").splitlines():
            if "\\" in line:  # a path of Windows
                continue
            words = shlex.split(line.removeprefix("$ "), comments=True)
            if " ".join(words).startswith(program):
                told = line.split("  #")[0].strip()
                found.append((f"{name}: {told}", shlex.split(" ".join(map(shlex.quote, words)).removeprefix(program))))
    return found


def pages() -> list[tuple[str, str]]:
    """The Python of each page, block after block, as a reader would run it."""
    found: dict[str, list[str]] = {}
    for name, code in blocks("python"):
        found.setdefault(name.rpartition("-")[0], []).append(code)
    return [(name, "\n".join(codes)) for name, codes in found.items()]


def test_every_subject_has_its_page() -> None:
    names = {path.name for path in (ROOT / "docs").glob("*.md")}
    assert {"library.md", "page.md", "service.md", "scale.md", "training.md"} <= names
    assert {"README.md", "library.md", "service.md", "scale.md"} <= {name for name, _ in pages()}


@pytest.mark.slow
@pytest.mark.parametrize(("name", "code"), pages(), ids=lambda value: value if "\n" not in value else "")
def test_python_blocks_run(name: str, code: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    kept = "\n".join(line for line in code.splitlines() if not NEEDS_MORE.search(line))
    exec(compile(kept, name, "exec"), {})


@pytest.mark.parametrize(
    ("name", "words"), commands("python -m geoclip_core"), ids=lambda v: v if isinstance(v, str) else ""
)
def test_commands_are_ones_that_the_program_takes(name: str, words: list[str], tmp_path: Path) -> None:
    command: Any = typer.main.get_command(app)
    words = [word for word in words if word != "..."]
    alternatives = [words]
    if "|" in words:
        at = words.index("|")
        alternatives = [[*words[: at - 1], word] for word in words[at - 1 :] if word != "|"]
    for given in alternatives:
        context = typer.Context(command)
        here, rest = command, given
        while hasattr(here, "commands") and rest:
            found = here.get_command(context, rest[0])
            assert found is not None, f"{name}: there is no command {rest[0]}"
            here, rest = found, rest[1:]
        if here.name == "app":
            from geoclip_core.page.launch import _parser

            _parser().parse_args(rest)
            continue
        here.make_context(str(here.name), list(rest))


@pytest.mark.parametrize(("name", "words"), commands("make"), ids=lambda v: v if isinstance(v, str) else "")
def test_targets_are_in_the_makefile(name: str, words: list[str]) -> None:
    targets = re.findall(r"^([a-z]+):.*##", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE)
    assert set(words[:1]) <= set(targets), name


@pytest.mark.parametrize(("name", "words"), commands("python training/"), ids=lambda v: v if isinstance(v, str) else "")
def test_scripts_of_training_are_there(name: str, words: list[str]) -> None:
    script = re.search(r"python (training/\S+\.py)", name)
    assert script
    assert (ROOT / script[1]).is_file()
    for word in words:
        if word.startswith("training/configs/"):
            assert (ROOT / word).is_file()


@pytest.mark.parametrize(("name", "words"), commands("curl"), ids=lambda v: v if isinstance(v, str) else "")
def test_addresses_are_operations_of_the_service(name: str, words: list[str]) -> None:
    from geoclip_core.serve.http import routes

    path = re.sub(r"^http://127\.0\.0\.1:8077", "", words[-1])
    assert f'"{path}"' in Path(routes.__file__).read_text(encoding="utf-8")
