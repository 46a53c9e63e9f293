"""The container's files: their syntax, and that every step finds what it names; they are built where Docker runs."""

from __future__ import annotations

import json
import re
import tomllib
from pathlib import Path
from typing import Any

import pytest
import typer.main
import yaml

from geoclip_core.__main__ import app

ROOT = Path(__file__).resolve().parents[1]
KNOWN = {
    *("FROM", "RUN", "COPY", "ENV", "WORKDIR", "USER", "VOLUME", "EXPOSE"),
    *("HEALTHCHECK", "STOPSIGNAL", "ENTRYPOINT", "CMD"),
}


def instructions() -> list[tuple[str, str]]:
    text = (ROOT / "Dockerfile").read_text(encoding="utf-8")
    lines = [line for line in text.splitlines() if line.strip() and not line.startswith("#")]
    return [tuple(line.split(" ", 1)) for line in re.sub(r"\\\n\s*", "", "\n".join(lines)).splitlines()]  # type: ignore[misc]


def compose() -> dict[str, Any]:
    made: dict[str, Any] = yaml.safe_load((ROOT / "compose.yaml").read_text(encoding="utf-8"))
    return made


def test_every_instruction_is_one_of_dockers() -> None:
    names = [name for name, _ in instructions()]
    assert set(names) <= KNOWN
    assert names[0] == "FROM"
    for name, words in instructions():
        if name in ("ENTRYPOINT", "CMD"):
            assert isinstance(json.loads(words), list)


def test_every_file_that_is_copied_is_there_and_not_ignored() -> None:
    ignored = (ROOT / ".dockerignore").read_text(encoding="utf-8").split()
    for name, words in instructions():
        if name != "COPY" or words.startswith("--from="):
            continue
        for source in words.split()[:-1]:
            assert list(ROOT.glob(source)), source
            assert not any(source.rstrip("/") == pattern for pattern in ignored), source


def test_stages_are_named_before_they_are_copied_from() -> None:
    stages: set[str] = set()
    for name, words in instructions():
        if name == "FROM":
            assert ":" in words
            assert not words.split()[0].endswith(":latest")
            stages |= {words.split(" AS ")[1]} if " AS " in words else set()
        if words.startswith("--from="):
            assert words.split()[0].removeprefix("--from=") in stages


def test_packages_come_from_the_lock_file_and_the_extras_exist() -> None:
    (install,) = [words for name, words in instructions() if name == "RUN" and "pip install" in words]
    assert "--constraint requirements.lock" in install
    extras = re.search(r"\.\[(.*)\]", install)
    assert extras
    with (ROOT / "pyproject.toml").open("rb") as stream:
        assert set(extras[1].split(",")) <= set(tomllib.load(stream)["project"]["optional-dependencies"])


def test_nothing_runs_as_root_and_what_lasts_is_in_the_volume() -> None:
    last = instructions()[max(i for i, (name, _) in enumerate(instructions()) if name == "FROM") :]
    names = [name for name, _ in last]
    assert names.index("USER") < names.index("ENTRYPOINT")
    assert dict(last)["USER"] == "10001"
    volume = dict(last)["VOLUME"]
    assert f"GEOCLIP_CACHE={volume}/" in dict(last)["ENV"]
    assert f"HF_HOME={volume}/" in dict(last)["ENV"]
    for service in compose()["services"].values():
        assert service["volumes"] == [f"data:{volume}"]
        assert service["read_only"]
    assert set(compose()["volumes"]) == {"data"}


def test_ports_are_those_of_this_machine_only_and_are_exposed() -> None:
    exposed = dict(instructions())["EXPOSE"].split()
    for service in compose()["services"].values():
        for port in service["ports"]:
            address, outside, inside = port.split(":")
            assert address == "127.0.0.1"
            assert outside == inside
            assert inside in exposed


@pytest.mark.parametrize("source", ["Dockerfile", "service", "page"])
def test_the_commands_are_ones_that_the_program_takes(source: str) -> None:
    if source == "Dockerfile":
        words = json.loads(dict(instructions())["CMD"])
    else:
        words = compose()["services"][source]["command"]
    if words[0] == "app":
        from geoclip_core.page.launch import _parser

        assert _parser().parse_args(words[1:]).address == "0.0.0.0"
        return
    command = typer.main.get_command(app).commands[words[0]]  # type: ignore[attr-defined]
    context = command.make_context(words[0], list(words[1:]))
    assert context.params["host"] == "0.0.0.0"
