"""The load that `make load` puts on the page: visitors without browsers, who notice what goes wrong."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Coroutine
from concurrent.futures import ThreadPoolExecutor
from typing import Any, TypeVar

import pytest

from geoclip_core.page.state.session import MOST_KEPT
from training.benchmarks.load.figures import TEXTS, memory_mb, summary
from training.benchmarks.load.page import answers, phase
from training.benchmarks.load.run import holds, table
from training.benchmarks.page import free_port, served_by

Result = TypeVar("Result")


def found() -> dict[str, Any]:
    """Figures of a load that went well."""
    row = summary(2, [0.1, 0.2, 0.3, 4.0], 8.0, 2.0, 0)
    memory = {"memory_mb": {"first tenth": 900.0, "the end": 910.0}}
    service = {key: {**row, "statuses": {"200": 4}} for key in ("first", "steady", "twice_the_capacity")}
    page = {key: {**row, "lost": 0} for key in ("few", "many", "twice_the_load")}
    return {"service": {**service, **memory, "stop_s": 1.0}, "page": {**page, **memory}}


def finished(work: Coroutine[Any, Any, Result]) -> Result:
    """What comes of it in a thread without a loop of events: a browser that was tested before leaves one in this."""
    with ThreadPoolExecutor(1) as pool:
        return pool.submit(asyncio.run, work).result()


def test_the_figures_of_a_phase() -> None:
    row = summary(2, [0.1, 0.2, 0.3, 4.0], 8.0, 2.0, 1)
    assert row["answers_per_second"] == 0.5
    assert row["p50_s"] == pytest.approx(0.25)
    assert 3.5 < row["p99_s"] <= 4.0
    assert row["processor_s_per_answer"] == 0.5
    assert row["different_answers"] == 1


def test_a_load_holds_only_where_nothing_went_wrong() -> None:
    assert holds(found())
    for of, key, value in (
        ("page", "lost", 1),
        ("page", "different_answers", 1),
        ("service", "different_answers", 1),
        ("service", "statuses", {"200": 4, "500": 1}),
    ):
        wrong = found()
        wrong[of]["twice_the_load" if of == "page" else "steady"][key] = value
        assert not holds(wrong), (of, key)


def test_the_table_tells_both() -> None:
    lines = table(found()).splitlines()
    assert "| the rest | 2 | 0.50 | 0.25 | 3.89 | 0.50 | 200: 4 | 0 |" in lines
    assert "| twice the load | 2 | 0.50 | 0.25 | 3.89 | 0.50 | 0 | 0 |" in lines
    assert lines.count("memory, MB: 900 after first tenth, 910 after the end") == 2


def test_a_visit_never_finds_a_text_among_the_answers_that_it_keeps() -> None:
    assert len(TEXTS) > MOST_KEPT


def test_visitors_whom_nobody_answers_are_lost() -> None:
    row = finished(phase(f"http://localhost:{free_port()}", os.getpid(), {"Sydney": []}, 3, 1.0))
    assert row["lost"] == 3
    assert row["answers"] == 0


@pytest.mark.slow
def test_visitors_of_the_served_page_get_the_answers_of_a_single_one() -> None:
    texts = ("Burj Khalifa", "48.8584, 2.2945", "Sydney")
    with served_by() as (address, process):
        alone = finished(answers(address, texts))
        said = {text: "\n".join(parts) for text, parts in alone.items()}
        assert "Dubai" in said["Burj Khalifa"]
        assert "Paris" in said["48.8584, 2.2945"]
        assert "Australia" in said["Sydney"]
        assert all('"heat": {' in words for words in said.values())  # what the map draws is compared too
        row = finished(phase(address, process, alone, 3, 0.5))
        assert (row["answers"] >= 3, row["different_answers"], row["lost"]) == (True, 0, 0)
        other = {text: [*parts, "something else"] for text, parts in alone.items()}
        row = finished(phase(address, process, other, 1, 0.1))
        assert row["different_answers"] == row["answers"] >= 1
        assert row["processor_s_per_answer"] > 0
        assert not memory_mb(process) < 100  # in MB; not a number where it cannot be read
