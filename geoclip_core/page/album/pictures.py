"""Addresses of thumbnails: the browser asks for each once, and not all of them travel with every run of the page."""

from __future__ import annotations

import base64
import io
from hashlib import sha256
from typing import TYPE_CHECKING

import streamlit as st
from PIL import Image
from streamlit import runtime

if TYPE_CHECKING:
    from geoclip_core.album.entry import Entry

_KIND = "image/jpeg"
_ASKED = "album pictures"
_MOST = 6000  # pictures of a visit that stay: an album of a folder, and some of the one before
_UP = "../../"  # from the map's own page, which is a component, to the page


def address(entry: Entry, *, on_map: bool = False) -> str:
    """Where a browser finds an entry's thumbnail; see :func:`keep`.

    Args:
        entry: The photo.
        on_map: Whether the map asks, which has a page of its own.

    Returns:
        A relative address; one that holds the picture itself where no server runs; "" without a thumbnail.
    """
    if entry.thumbnail is None:
        return ""
    if not runtime.exists():
        return f"data:{_KIND};base64,{base64.b64encode(entry.thumbnail).decode('ascii')}"
    made = _add(entry.thumbnail)
    asked: dict[str, bytes] = st.session_state.setdefault(_ASKED, {})
    asked[made] = entry.thumbnail
    while len(asked) > _MOST:
        del asked[next(iter(asked))]
    return (_UP if on_map else "") + made.removeprefix("/")


def keep() -> None:
    """Let the addresses that a visit was given hold for one more run, though it may not ask for them.

    The server forgets a picture that a run of the page does not name, while the browser may still draw the map or the
    table of the run before.
    """
    for thumbnail in st.session_state.get(_ASKED, {}).values():
        _add(thumbnail)


def _add(thumbnail: bytes) -> str:
    return runtime.get_instance().media_file_mgr.add(thumbnail, _KIND, f"album {sha256(thumbnail).hexdigest()}")


def readable(thumbnail: bytes) -> bool:
    """Whether a thumbnail can be shown; what stands in an album that somebody saved is not trusted."""
    try:
        with Image.open(io.BytesIO(thumbnail), formats=["JPEG"]) as picture:
            picture.verify()
    except Exception:  # noqa: BLE001 - a damaged picture can fail in any way
        return False
    return True
