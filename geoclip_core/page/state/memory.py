"""What stays loaded as long as the page is served, kept out of garbage collection."""

from __future__ import annotations

import gc

_kept: set[str] = set()


def keep_loaded(first: str = "") -> None:
    """Take all that is loaded by now out of garbage collection.

    Streamlit collects garbage after every run of the page. Models, tables and the libraries behind them are none, and
    half a million objects of theirs took a fifth of a second to look through, each time.

    Args:
        first: Names what is loaded when it is first used; a second call with the same name does nothing.
    """
    if first and first in _kept:
        return
    _kept.add(first)
    gc.unfreeze()  # a model that was given up since then is garbage now
    gc.collect()
    gc.freeze()
