"""Service and page under load, on loopback, each a process of its own as a person starts it.

``make load`` loads each of them for ten minutes; ``python training/benchmarks/load/run.py --minutes 1`` for one.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated, Any

import typer

from training.benchmarks.load import page, service

_SERVICE = {"first": "first tenth", "steady": "the rest", "twice_the_capacity": "twice the capacity"}
_SPENT, _RULE = "processor s of each", "|---" * 8 + "|"
_PAGE = {"few": "few", "many": "many", "twice_the_load": "twice the load"}


def _row(name: str, row: dict[str, Any], told: str) -> str:
    return (
        f"| {name} | {row['clients']} | {row['answers_per_second']:.2f} | {row['p50_s']:.2f} | {row['p99_s']:.2f} | "
        f"{row['processor_s_per_answer']:.2f} | {told} | {row['different_answers']} |"
    )


def _memory(found: dict[str, Any]) -> str:
    return "memory, MB: " + ", ".join(f"{value:.0f} after {name}" for name, value in found["memory_mb"].items())


def table(found: dict[str, Any]) -> str:
    """The figures of both as Markdown.

    Args:
        found: Figures under ``service`` and ``page``, either of which may be missing.
    """
    lines: list[str] = []
    if "service" in found:
        lines += [f"| service | clients | answers/s | p50 s | p99 s | {_SPENT} | statuses | different |", _RULE]
        for key, name in _SERVICE.items():
            row = found["service"][key]
            told = " ".join(f"{status}: {count}" for status, count in row["statuses"].items())
            lines.append(_row(name, row, told))
        lines += [_memory(found["service"]), f"ended {found['service']['stop_s']:.1f} s after the signal", ""]
    if "page" in found:
        lines += [f"| page | visitors | answers/s | p50 s | p99 s | {_SPENT} | lost | different |", _RULE]
        lines += [_row(name, found["page"][key], str(found["page"][key]["lost"])) for key, name in _PAGE.items()]
        lines.append(_memory(found["page"]))
    return "\n".join(lines)


def holds(found: dict[str, Any]) -> bool:
    """Whether nothing failed, nobody was lost, and every answer was that of a single user."""
    of_service = [found["service"][key] for key in _SERVICE] if "service" in found else []
    of_page = [found["page"][key] for key in _PAGE] if "page" in found else []
    return (
        not any(row["different_answers"] for row in of_service + of_page)
        and all(set(row["statuses"]) <= {"200", "429"} for row in of_service)
        and not any(row["lost"] for row in of_page)
    )


def main(
    minutes: Annotated[float, typer.Option(help="of steady load on each")] = 10.0,
    workers: Annotated[int, typer.Option(help="questions at a time that the service answers")] = 2,
    queue: Annotated[int, typer.Option(help="questions that may wait in the service")] = 4,
    only: Annotated[str, typer.Option(help="service or page; else both")] = "",
    out: Annotated[Path, typer.Option(help="JSON file to write")] = Path("load.json"),
) -> None:
    """Measure service and page under load; exit code 1 where one fails, loses a visitor or answers differ."""
    found: dict[str, Any] = {}
    if only != "page":
        found["service"] = service.measure(minutes, workers, queue)
    if only != "service":
        found["page"] = page.measure(minutes)
    out.write_text(json.dumps(found, indent=2) + "\n", encoding="utf-8")
    print(table(found))
    if not holds(found):
        raise typer.Exit(1)


if __name__ == "__main__":
    typer.run(main)
