"""Pillow's warnings, not told while photos are decoded, in however many threads."""

from __future__ import annotations

import threading
import warnings
from collections.abc import Iterator
from contextlib import contextmanager

_ITS_MODULES = r"(PIL|pillow_heif)\b"

_lock = threading.Lock()
_under_way = 0
_before = warnings.catch_warnings()


@contextmanager
def without_warnings() -> Iterator[None]:
    """While in here, Pillow's warnings are ignored; those of others are told.

    Filters of warnings belong to the whole process: with a ``catch_warnings`` for each thread, one that ends first
    would leave those of the other behind. So the first thread that decodes sets them, and the last puts them back.
    """
    global _under_way, _before
    with _lock:
        if not _under_way:
            _before = warnings.catch_warnings()
            _before.__enter__()
            # Of large pictures it warns from half its hard limit on; the limit of photo/limits is the hard one, and it
            # refuses instead. Metadata that is cut short is reported by photo/exif; it does not spoil the pixels.
            warnings.filterwarnings("ignore", module=_ITS_MODULES)
        _under_way += 1
    try:
        yield
    finally:
        with _lock:
            _under_way -= 1
            if not _under_way:
                _before.__exit__(None, None, None)
