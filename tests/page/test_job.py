from __future__ import annotations

import threading

import pytest

from geoclip_core.errors import WeightsError
from geoclip_core.files import Progress
from geoclip_core.page.state.job import CancelledError, Job, stop_all


def test_a_job_tells_how_far_it_is_and_returns_its_result() -> None:
    told, go_on = threading.Event(), threading.Event()

    def work(progress: Progress) -> str:
        progress(3, 12)
        told.set()
        assert go_on.wait(10)
        return "done"

    job = Job(work)
    assert told.wait(10)
    assert job.running
    assert job.progress == (3, 12)
    assert job.share == 0.25
    assert not job.wait(0.01)
    go_on.set()
    assert job.wait(10)
    assert not job.running
    assert job.result() == "done"


def test_what_the_work_raises_is_raised_to_whoever_asks_for_the_result() -> None:
    def work(progress: Progress) -> None:
        raise WeightsError("The hub is away")

    job = Job(work)
    assert job.wait(10)
    with pytest.raises(WeightsError, match="The hub is away"):
        job.result()


def test_a_cancelled_job_stops_at_its_next_report() -> None:
    begun, go_on = threading.Event(), threading.Event()
    later: list[int] = []

    def work(progress: Progress) -> None:
        begun.set()
        assert go_on.wait(10)
        progress(1, 2)
        later.append(1)

    job = Job(work)
    assert begun.wait(10)
    job.cancel()
    go_on.set()
    assert job.wait(10)
    assert later == []
    with pytest.raises(CancelledError):
        job.result()


def test_a_job_that_knows_no_total_is_at_nothing() -> None:
    job = Job(lambda progress: progress(5, 0))
    assert job.wait(10)
    assert job.share == 0.0


def test_work_ends_before_the_server_does() -> None:
    begun = threading.Event()

    def work(progress: Progress) -> None:
        while True:
            progress(1, 2)
            begun.set()

    job = Job(work)
    assert begun.wait(10)
    stop_all()
    assert not job.running
    assert job.stopped
