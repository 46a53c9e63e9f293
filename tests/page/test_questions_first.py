"""Work on many photos lets a question go first."""

from __future__ import annotations

import threading
import time

from geoclip_core.album.album import AlbumPhoto
from geoclip_core.album.filling import fill
from geoclip_core.locate.fusion.looking import looks_at_photos
from geoclip_core.locate.locator import Locator
from geoclip_core.page.state import questions_first
from tests.photo_files import placed_photo


def test_work_waits_while_a_question_is_answered_and_no_longer() -> None:
    questions_first.let_pass()
    passed, asked = threading.Event(), threading.Event()

    def work() -> None:
        asked.wait()
        questions_first.let_pass()
        passed.set()

    worker = threading.Thread(target=work)
    worker.start()
    with questions_first.asking(), questions_first.asking():
        asked.set()
        assert not passed.wait(0.2)
    assert passed.wait(10)
    worker.join()


def test_a_question_is_wanted_until_shortly_after_it() -> None:
    questions_first.let_pass()
    assert not questions_first.wanted()
    with questions_first.asking():
        assert questions_first.wanted()
    assert questions_first.wanted()
    questions_first.let_pass()
    assert not questions_first.wanted()


def test_work_does_not_wait_for_ever() -> None:
    began = time.monotonic()
    with questions_first.asking():
        questions_first.let_pass(0.1)
    assert 0.1 <= time.monotonic() - began < 10


def test_an_album_waits_before_each_source_looks_at_a_photo(embedded_locator: Locator) -> None:
    seen: list[str] = []
    photos = [AlbumPhoto(placed_photo((40.0, float(i))), f"{i}.jpg") for i in range(3)]
    entries = list(fill(embedded_locator, photos, pause=lambda: seen.append(threading.current_thread().name)))
    assert [entry.status for entry in entries] == ["answered"] * 3
    looking = [source for source in embedded_locator.sources if looks_at_photos(source) and not source.fallback]
    assert len(seen) >= len(photos) * (1 + len(looking))
    assert threading.current_thread().name not in seen
