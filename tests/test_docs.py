"""The documents beside the code: what is made from the code is current, and what they name exists."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

import geoclip_core
from training.make_docs import FILES, api_markdown, direct, docstring_markdown, layers, parts, public_names

ROOT = Path(__file__).resolve().parents[1]
DOCUMENTS = (
    "README.md",
    "CONTRIBUTING.md",
    "SECURITY.md",
    "docs/ablations.md",
    "docs/library.md",
    "docs/measured.md",
    "docs/page.md",
    "docs/scale.md",
    "docs/service.md",
    "docs/training.md",
)
# In text and code, such as geoclip_core/earth/window.py or tests/earth.
PATH = re.compile(r"(?<![\w/.-])(?:geoclip_core|training|tests|docs|assets|\.streamlit)/[\w./-]*\w/?")
TARGET = re.compile(r"`make ([a-z-]+)`|^make ([a-z-]+)", re.MULTILINE)
LINK = re.compile(r"\]\((?!https?://|#)([^)#]+)\)")


def text(name: str) -> str:
    return (ROOT / name).read_text(encoding="utf-8")


@pytest.mark.parametrize("name", FILES)
def test_what_is_made_from_the_code_is_current(name: str) -> None:
    file, make = FILES[name]
    assert text(file) == make(), "run `make docs`"


@pytest.mark.parametrize("document", DOCUMENTS)
def test_paths_links_and_targets_exist(document: str) -> None:
    written = text(document)
    assert not [path for path in PATH.findall(written) if not (ROOT / path).exists()]
    assert not [link for link in LINK.findall(written) if not (ROOT / document).parent.joinpath(link).exists()]
    targets = set(re.findall(r"^([a-z-]+):", text("Makefile"), re.MULTILINE))
    assert {one or other for one, other in TARGET.findall(written)} <= targets


def test_the_readme_can_be_read_in_one_sitting() -> None:
    assert text("README.md").count("\n") <= 250


def test_the_version_is_the_same_everywhere() -> None:
    assert f"\nversion: {geoclip_core.__version__}\n" in text("CITATION.cff")
    assert f"\n## {geoclip_core.__version__}" in text("CHANGELOG.md")
    assert f"geoclip_core-{geoclip_core.__version__}-py3-none-any.whl" in text("README.md")


def test_ten_common_changes_start_in_one_file_and_end_in_at_most_three() -> None:
    table = text("CONTRIBUTING.md").partition("## Ten common changes")[2].partition("\n\nEach also")[0]
    rows = [row.strip("|").split("|") for row in table.splitlines() if row.startswith("|")][2:]
    assert len(rows) == 10
    for _, starts, goes_on in rows:
        assert len(PATH.findall(starts)) == 1
        assert len(PATH.findall(starts + goes_on)) <= 3


def test_every_public_name_is_described() -> None:
    assert set(public_names()) == set(geoclip_core.__all__)
    written = api_markdown()
    assert all(f"\n## {name}\n" in written for name in geoclip_core.__all__)


def test_layers_import_only_from_the_rows_after_them() -> None:
    of = parts()
    rows = layers(of)
    assert sorted(part for row in rows for part in row) == sorted(of)
    for number, row in enumerate(rows):
        later = {part for after in rows[number + 1 :] for part in after}
        assert all(of[part] <= later for part in row)


def test_layers_of_a_circle_are_refused() -> None:
    with pytest.raises(ValueError, match=r"in a circle: \['a', 'b'\]"):
        layers({"a": frozenset("b"), "b": frozenset("a"), "c": frozenset("a")})


def test_lines_that_lead_over_a_third_part_are_left_out() -> None:
    of = {"page": frozenset({"maps", "earth"}), "maps": frozenset({"earth"}), "earth": frozenset[str]()}
    assert direct(of) == {"page": {"maps"}, "maps": {"earth"}, "earth": frozenset()}


def test_docstrings_become_markdown() -> None:
    made = docstring_markdown(
        "Find it.\n\nArgs:\n    latlon: Degrees,\n        latitude first.\n\n"
        "Raises:\n    QueryError: See :func:`a.find`, ``b``."
    )
    assert made == [
        "Find it.",
        "",
        "**Args**",
        "",
        "- `latlon`: Degrees, latitude first.",
        "",
        "**Raises**",
        "",
        "- `QueryError`: See `a.find`, `b`.",
    ]
