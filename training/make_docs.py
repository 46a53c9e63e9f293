"""Write docs/layers.svg and docs/api.md from the code, without importing it.

    python training/make_docs.py layers     # which part of geoclip_core imports which, as a picture
    python training/make_docs.py api        # the public names with their signatures and docstrings
    python training/make_docs.py all

A test compares both files with the code.
"""

from __future__ import annotations

import ast
import re
import textwrap
from collections.abc import Iterable, Mapping
from html import escape
from pathlib import Path

import typer

ROOT = Path(__file__).resolve().parents[1]
PACKAGE = "geoclip_core"

_WIDE, _HIGH, _GAP, _RISE = 262, 84, 18, 36  # of a box, between boxes and between layers, in pixels
_LETTERS, _LINES = 44, 3  # of the description that fit into a box
_SECTION = re.compile(r"(Args|Attributes|Returns|Yields|Raises|Example|Examples):")

app = typer.Typer(add_completion=False, no_args_is_help=True, help="Write docs/ anew from the code.")

Parts = Mapping[str, frozenset[str]]
"""Folders and files directly inside the package, each with those that it imports."""


def read(path: Path) -> ast.Module:
    """The syntax tree of a Python file."""
    return ast.parse(path.read_text(encoding="utf-8"))


def first_sentence(tree: ast.Module) -> str:
    """The first paragraph of a module's docstring, on one line."""
    return " ".join((ast.get_docstring(tree) or "").partition("\n\n")[0].replace("``", "").split())


def parts(root: Path = ROOT) -> dict[str, frozenset[str]]:
    """The parts of the package and what each imports, also inside functions and for types only."""
    package = root / PACKAGE
    found: dict[str, set[str]] = {}
    for path in sorted(package.rglob("*.py")):
        part = path.relative_to(package).parts[0].removesuffix(".py")
        modules: set[str] = set()
        for node in ast.walk(read(path)):
            if isinstance(node, ast.Import):
                modules.update(alias.name for alias in node.names)
            elif isinstance(node, ast.ImportFrom) and node.module == PACKAGE:
                modules.update(f"{PACKAGE}.{alias.name}" for alias in node.names)
            elif isinstance(node, ast.ImportFrom):
                modules.add(node.module or "")
        if part != "__init__":
            used = {name.split(".")[1] for name in modules if name.startswith(f"{PACKAGE}.")}
            found.setdefault(part, set()).update(used - {part})
    return {part: frozenset(used & found.keys()) for part, used in found.items()}


def layers(of: Parts) -> list[list[str]]:
    """The parts in rows: each row imports from the rows after it only, and what is imported by none comes first.

    Raises:
        ValueError: Parts import each other in a circle.
    """
    rows: list[list[str]] = []
    left = dict(of)
    while left:
        imported = set().union(*left.values())
        row = sorted(left.keys() - imported)
        if not row:
            raise ValueError(f"These parts import each other in a circle: {sorted(left)}")
        rows.append(row)
        left = {part: used for part, used in left.items() if part not in row}
    return rows


def direct(of: Parts) -> dict[str, frozenset[str]]:
    """The imports without those that also lead over another part, so that few lines need drawing."""
    below: dict[str, set[str]] = {}
    for row in reversed(layers(of)):
        for part in row:
            below[part] = set(of[part]).union(*(below[used] for used in of[part]))
    return {part: frozenset(used - set().union(*(below[other] for other in used))) for part, used in of.items()}


def layers_svg(root: Path = ROOT) -> str:
    """The picture of the parts: the page and the command line above, what everything stands on below."""
    of = parts(root)
    rows = layers(of)
    widest = max(map(len, rows))
    size = (widest * (_WIDE + _GAP) + _GAP, len(rows) * (_HIGH + _RISE))
    corner = {}
    for y, row in enumerate(rows):
        left = (size[0] - len(row) * (_WIDE + _GAP) + _GAP) // 2
        for x, part in enumerate(row):
            corner[part] = (left + x * (_WIDE + _GAP), _RISE // 2 + y * (_HIGH + _RISE))
    lines = [
        f'<line x1="{corner[part][0] + _WIDE // 2}" y1="{corner[part][1] + _HIGH}" '
        f'x2="{corner[used][0] + _WIDE // 2}" y2="{corner[used][1]}" stroke="#9a8fa6" stroke-width="1.5"/>'
        for part in sorted(of)
        for used in sorted(direct(of)[part])
    ]
    boxes = [line for row in rows for part in row for line in _box(root, part, *corner[part])]
    head = f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {size[0]} {size[1]}" font-family="sans-serif">'
    paper = f'<rect width="{size[0]}" height="{size[1]}" fill="#ffffff"/>'
    title = "<title>The parts of geoclip_core. A line leads down from a part to what it imports.</title>"
    return "\n".join([head, title, paper, *lines, *boxes, "</svg>"]) + "\n"


def _box(root: Path, part: str, x: int, y: int) -> Iterable[str]:
    """A part's rectangle, its name, and the first sentence of its docstring."""
    folder = root / PACKAGE / part
    is_folder = folder.is_dir()
    about = first_sentence(read(folder / "__init__.py" if is_folder else folder.with_suffix(".py")))
    yield f'<rect x="{x}" y="{y}" width="{_WIDE}" height="{_HIGH}" rx="6" fill="#f4f2f5" stroke="#7a1f6e"/>'
    name = f"{part}/" if is_folder else f"{part}.py"
    yield f'<text x="{x + 10}" y="{y + 20}" font-size="15" font-weight="bold" fill="#1b2129">{name}</text>'
    for line, text in enumerate(textwrap.wrap(about, _LETTERS, max_lines=_LINES, placeholder=" ...")):
        yield f'<text x="{x + 10}" y="{y + 38 + 15 * line}" font-size="11.5" fill="#1b2129">{escape(text)}</text>'


def public_names(root: Path = ROOT) -> dict[str, str]:
    """The names that ``geoclip_core`` offers, each with the module that defines it."""
    for node in read(root / PACKAGE / "__init__.py").body:
        if isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == "_HOME":
            found: dict[str, str] = ast.literal_eval(node.value)
            return found
    raise ValueError(f"{PACKAGE}/__init__.py has no table _HOME of its public names")


def api_markdown(root: Path = ROOT) -> str:
    """All public names with signature and docstring; classes with their public methods and properties."""
    out = [
        "# The public names",
        "",
        "Made from the docstrings by `python training/make_docs.py api`. Every name is imported from `geoclip_core`.",
        "",
    ]
    names = public_names(root)
    out += [f"- [`{name}`](#{name.lower()})" for name in sorted(names)]
    for name, module in sorted(names.items()):
        out += ["", f"## {name}", "", *_entry(_definition(root, module, name), name), ""]
        out += [f"Defined in `{PACKAGE}/{module.replace('.', '/')}.py`."]
    return "\n".join(out) + "\n"


def _definition(root: Path, module: str, name: str) -> ast.ClassDef | ast.FunctionDef:
    path = root / PACKAGE / f"{module.replace('.', '/')}.py"
    for node in read(path).body:
        if isinstance(node, ast.ClassDef | ast.FunctionDef) and node.name == name:
            return node
    raise ValueError(f"{path} does not define {name}, which {PACKAGE}/__init__.py names")


def _entry(node: ast.ClassDef | ast.FunctionDef, name: str) -> Iterable[str]:
    """The Markdown of a function, or of a class with its methods."""
    if isinstance(node, ast.FunctionDef):
        yield from _signature(node, name)
        yield from docstring_markdown(ast.get_docstring(node) or "")
        return
    yield from docstring_markdown(ast.get_docstring(node) or "")
    for method in node.body:
        if isinstance(method, ast.FunctionDef) and not method.name.startswith("_") and ast.get_docstring(method):
            yield from ("", f"### {name}.{method.name}", "")
            yield from _entry(method, method.name)


def _signature(node: ast.FunctionDef, name: str) -> Iterable[str]:
    """The call as it is written, without ``self``; a property has none."""
    marks = {ast.unparse(decorator) for decorator in node.decorator_list}
    returns = f" -> {ast.unparse(node.returns)}" if node.returns else ""
    if marks & {"property", "cached_property", "functools.cached_property"}:
        yield from (f"A property{returns.replace(' -> ', ': `')}`." if returns else "A property.", "")
        return
    given = [part for part in _split(ast.unparse(node.args)) if part not in ("self", "cls", "")]
    call = f"{name}({', '.join(given)}){returns}"
    if len(call) > 100:
        call = f"{name}(\n" + "".join(f"    {part},\n" for part in given) + f"){returns}"
    yield from ("```python", call, "```", "")


def _split(arguments: str) -> list[str]:
    """The arguments one by one: split at commas that stand in no bracket, with spaces around "=" after a type."""
    found, depth = [""], 0
    for letter in arguments:
        depth += (letter in "([{") - (letter in ")]}")
        if letter == "," and not depth:
            found.append("")
        else:
            found[-1] += letter
    return [re.sub(r"^(\w+: [^=]+)=", r"\1 = ", part.strip()) for part in found]


def docstring_markdown(text: str) -> list[str]:
    """A Google-style docstring as Markdown: sections become bold words, their entries become lists."""
    text = re.sub(r":\w+:`~?([^`]*)`", r"`\1`", text).replace("``", "`")
    out: list[str] = []
    in_section = False
    for line in text.splitlines():
        header = _SECTION.fullmatch(line)
        if header:
            in_section = True
            out += [f"**{header[1]}**", ""]
        elif in_section and line.startswith("        "):
            out[-1] += f" {line.strip()}"
        elif in_section and line.startswith("    "):
            named = re.match(r"    (\*{0,2}\w+): (.*)", line)
            out.append(f"- `{named[1]}`: {named[2]}" if named else f"- {line.strip()}")
        else:
            in_section = in_section and not line.strip()
            out.append(line)
    return out


FILES = {"layers": ("docs/layers.svg", layers_svg), "api": ("docs/api.md", api_markdown)}
"""What is made: the file and the function that gives its content."""


@app.command()
def write(what: str = typer.Argument("all", help="layers, api or all")) -> None:
    """Write one of the files, or all."""
    if what not in (*FILES, "all"):
        raise typer.BadParameter(f"{what!r} is none of layers, api, all")
    for name, (file, make) in FILES.items():
        if what in (name, "all"):
            (ROOT / file).write_text(make(), encoding="utf-8", newline="\n")
            typer.echo(f"wrote {file}")


if __name__ == "__main__":
    app()
