"""The package runs on Linux, macOS and Windows: it uses nothing that only some of them have."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
FILES = [*sorted((ROOT / "geoclip_core").rglob("*.py")), ROOT / "app.py"]

POSIX_MODULES = {"crypt", "curses", "fcntl", "grp", "nis", "posix", "pty", "pwd", "readline", "resource", "spwd"}
POSIX_MODULES |= {"syslog", "termios", "tty"}
POSIX_NAMES = {
    "os": {"fork", "forkpty", "getuid", "geteuid", "getgid", "kill", "killpg", "setsid", "chown", "mkfifo", "uname"}
    | {"getloadavg", "sched_getaffinity", "sysconf", "statvfs", "nice", "wait", "waitpid", "O_DIRECTORY", "sync"},
    "signal": {"SIGKILL", "SIGALRM", "SIGUSR1", "SIGUSR2", "SIGHUP", "alarm", "setitimer", "pause"},
    "time": {"tzset"},
    "asyncio": {"add_signal_handler"},
}
# Path.rename fails on Windows where the target is there; Path.replace does not.
FAILS_ON_AN_EXISTING_FILE = {"rename", "renames"}
POSIX_FOLDERS = ("/proc/", "/dev/", "/tmp", "/etc/", "/usr/", "/var/")
TEXT_METHODS = {"read_text", "write_text"}
# Both ends belong to this process, and the target was removed just before.
RENAMED = {"geoclip_core/files.py"}


def calls(tree: ast.Module) -> Iterator[tuple[ast.Call, str, str]]:
    """Every call with the name called and, for ``a.b()``, the source of ``a``."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Call):
            if isinstance(node.func, ast.Attribute):
                yield node, node.func.attr, ast.unparse(node.func.value)
            elif isinstance(node.func, ast.Name):
                yield node, node.func.id, ""


def problems(source: str) -> list[str]:
    """What in a file's source does not work everywhere, each with its line."""
    tree, found = ast.parse(source), []
    for node in ast.walk(tree):
        if isinstance(node, ast.Import | ast.ImportFrom):
            module = getattr(node, "module", None)
            imported = {module or "", *(alias.name for alias in node.names)}
            found += [f"{node.lineno}: import of {name}" for name in imported & POSIX_MODULES]
            if module in POSIX_NAMES:
                found += [f"{node.lineno}: {module}.{name}" for name in imported & POSIX_NAMES[module]]
        elif isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name):
            if node.attr in POSIX_NAMES.get(node.value.id, ()):
                found.append(f"{node.lineno}: {node.value.id}.{node.attr}")
        elif isinstance(node, ast.Constant) and isinstance(node.value, str) and node.value.startswith(POSIX_FOLDERS):
            found.append(f"{node.lineno}: the folder {node.value!r}")
    for call, name, owner in calls(tree):
        arguments = {keyword.arg for keyword in call.keywords}
        if owner and name in TEXT_METHODS and "encoding" not in arguments:
            found.append(f"{call.lineno}: {name} without an encoding")
        if name == "open" and "b" not in (mode(call, owner) or "b") and "encoding" not in arguments:
            found.append(f"{call.lineno}: a text file opened without an encoding")
        if name in FAILS_ON_AN_EXISTING_FILE:
            found.append(f"{call.lineno}: {name} fails on Windows where the target exists; use replace")
    return found


def mode(call: ast.Call, owner: str) -> str | None:
    """The mode of ``open(path)`` or ``path.open()``; None where it cannot be told, as in ``Image.open(stream)``."""
    given = [keyword.value for keyword in call.keywords if keyword.arg == "mode"]
    given += call.args[:1] if owner else call.args[1:2]
    if given:
        return given[0].value if isinstance(given[0], ast.Constant) and isinstance(given[0].value, str) else None
    return None if owner and call.args else "r"


@pytest.mark.parametrize("path", FILES, ids=lambda p: p.relative_to(ROOT).as_posix())
def test_nothing_that_only_some_systems_have(path: Path) -> None:
    found = problems(path.read_text(encoding="utf-8"))
    if path.relative_to(ROOT).as_posix() in RENAMED:
        found = [problem for problem in found if "rename fails" not in problem]
    assert not found


@pytest.mark.parametrize(
    ("source", "said"),
    [
        ("import fcntl", "import of fcntl"),
        ("from resource import getrusage", "import of resource"),
        ("import os\nos.fork()", "os.fork"),
        ("from signal import SIGKILL", "signal.SIGKILL"),
        ("open('a')", "without an encoding"),
        ("path.open()", "without an encoding"),
        ("path.open('w')", "without an encoding"),
        ("path.read_text()", "read_text without an encoding"),
        ("path.write_text('a')", "write_text without an encoding"),
        ("x = '/proc/self/status'", "/proc/self/status"),
        ("part.rename(path)", "use replace"),
    ],
)
def test_what_only_some_systems_have_is_found(source: str, said: str) -> None:
    (problem,) = problems(source)
    assert said in problem


@pytest.mark.parametrize(
    "source",
    [
        "open('a', 'rb')",
        "path.open('rb')",
        "open('a', encoding='utf-8')",
        "path.open('w', encoding='utf-8')",
        "Image.open(stream)",
        "path.read_text(encoding='utf-8')",
        "part.replace(path)",
        "import os\nos.replace(a, b)",
    ],
)
def test_what_works_everywhere_passes(source: str) -> None:
    assert problems(source) == []
