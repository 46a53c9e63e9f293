"""What stays loaded as long as the page is served, kept out of garbage collection."""

from __future__ import annotations

import gc

_kept: set[str] = set()


def keep_loaded(what: str) -> None:
    """Take all that is loaded by now out of garbage collection: once for each thing that was loaded.

    Streamlit collects garbage after every run of the page. Models, tables and the libraries behind them are none, and
    half a million objects of theirs took a fifth of a second to look through, each time.

    Args:
        what: Says what was loaded; a second call with it does nothing.
    """
    if what not in _kept:
        _kept.add(what)
        gc.collect()
        gc.freeze()
