"""Pillow's warnings are not told while photos are decoded, and everybody's filters stay as they were."""

from __future__ import annotations

import io
import threading
import warnings
from concurrent.futures import ThreadPoolExecutor

import pytest
from PIL import Image

from geoclip_core.photo import pixels
from geoclip_core.photo.decode import open_photo
from geoclip_core.photo.quiet import without_warnings


def png() -> bytes:
    stream = io.BytesIO()
    Image.new("RGB", (8, 6), (10, 20, 30)).save(stream, format="PNG")
    return stream.getvalue()


def test_two_threads_that_decode_at_once_leave_the_filters_as_they_were(monkeypatch: pytest.MonkeyPatch) -> None:
    """The first ends while the second is at work: with a ``catch_warnings`` each, the first's filters stayed."""
    began, may_end = {name: threading.Event() for name in "ab"}, {name: threading.Event() for name in "ab"}
    decode_file = pixels._file

    def slowly(name, *rest):
        thread = threading.current_thread().name[-1]
        began[thread].set()
        assert may_end[thread].wait(60)
        return decode_file(name, *rest)

    monkeypatch.setattr(pixels, "_file", slowly)
    before = list(warnings.filters)
    threads = [threading.Thread(target=open_photo, args=(png(),), name=f"decoder {name}") for name in "ab"]
    for thread, event in zip(threads, began.values(), strict=True):
        thread.start()
        assert event.wait(60)
    assert warnings.filters != before
    for thread, event in zip(threads, may_end.values(), strict=True):
        event.set()
        thread.join(60)
    assert warnings.filters == before


def test_many_threads_leave_them_too() -> None:
    before = list(warnings.filters)
    with ThreadPoolExecutor(8) as pool:
        sizes = list(pool.map(lambda _: open_photo(png()).size, range(400)))
    assert sizes == [(8, 6)] * 400
    assert warnings.filters == before


def test_warnings_of_others_are_told_meanwhile() -> None:
    with without_warnings():
        with pytest.warns(UserWarning, match="of somebody else"):
            warnings.warn("of somebody else", stacklevel=1)
        with warnings.catch_warnings(record=True) as told:
            Image._decompression_bomb_check((10_000, 10_000))
    assert not told


def test_an_error_puts_them_back_as_well() -> None:
    before = list(warnings.filters)
    with pytest.raises(ValueError, match="in between"), without_warnings():
        raise ValueError("in between")
    assert warnings.filters == before
