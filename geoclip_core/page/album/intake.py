"""How photos come into an album: dropped on the page, or read from a folder on this machine."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import streamlit as st

from geoclip_core.errors import GeoclipError
from geoclip_core.page import texts
from geoclip_core.page.album.state import MOST_DROPPED, AlbumVisit
from geoclip_core.page.markdown import plain
from geoclip_core.page.state.demo import demo, largest_mb
from geoclip_core.photo.limits import SUFFIXES

if TYPE_CHECKING:
    from geoclip_core.album.album import AlbumPhoto

_DROPPED = "album dropped"


def panel(visit: AlbumVisit) -> None:
    """The field to drop photos on and, on one's own machine, the name of a folder."""
    st.file_uploader(
        texts.ALBUM_DROP,
        type=list(SUFFIXES),
        accept_multiple_files=True,
        max_upload_size=largest_mb(),
        key=f"{_DROPPED} {st.session_state.get(_DROPPED, 0)}",
        on_change=_dropped,
        args=(visit,),
    )
    if demo():  # a stranger reads no folder of this machine
        return
    with st.form("album folder", border=False), st.container(horizontal=True, vertical_alignment="bottom"):
        st.text_input(texts.ALBUM_FOLDER, key="album folder name", placeholder=texts.ALBUM_FOLDER_EXAMPLE)
        st.form_submit_button(texts.ALBUM_READ_FOLDER, on_click=_folder, args=(visit,))


def _dropped(visit: AlbumVisit) -> None:
    """Copy what was dropped to a temporary folder, and free the memory that holds it."""
    from geoclip_core.album.album import AlbumPhoto

    count = st.session_state.get(_DROPPED, 0)
    visit.told.clear()
    visit.refused = ""
    uploads = st.session_state.get(f"{_DROPPED} {count}") or []
    copied = sum(photo.source.parent == visit.folder for photo in visit.photos if isinstance(photo.source, Path))
    taken = uploads[: _room(visit, len(uploads), MOST_DROPPED - copied, MOST_DROPPED)]
    for number, upload in enumerate(taken, start=copied):
        name = re.sub(r"[^\w.\- ]", "_", Path(upload.name).name)[-100:]
        path = visit.folder / f"{number:04d} {name}"
        path.write_bytes(upload.getbuffer())
        visit.photos.append(AlbumPhoto(path, upload.name))
    st.session_state[_DROPPED] = count + 1  # a new key empties the uploader


def _folder(visit: AlbumVisit) -> None:
    from geoclip_core.album.album import MOST_PHOTOS, AlbumPhoto
    from geoclip_core.serve.photo_list import list_photos

    visit.told.clear()
    visit.refused = ""
    given = st.session_state.get("album folder name", "").strip()
    folder = Path(given).expanduser()
    if not given or not folder.is_dir():
        visit.refused = texts.ALBUM_NO_FOLDER.format(folder=plain(given))
        return
    left_out: Counter[str] = Counter()
    try:
        found = [Path(item.path) for item in list_photos(folder, left_out)]
    except (GeoclipError, OSError) as error:
        visit.refused = plain(str(error))
        return
    known = {photo.source for photo in visit.photos}
    new: Sequence[AlbumPhoto] = [AlbumPhoto.of(path) for path in found if path not in known]
    if len(new) < len(found):
        visit.told.append(texts.ALBUM_TWICE.format(count=len(found) - len(new), of=len(found)))
    visit.photos += new[: _room(visit, len(new), MOST_PHOTOS - len(visit.photos), MOST_PHOTOS)]
    if left_out:
        reasons = ", ".join(f"{reason} ({count:,})" for reason, count in left_out.most_common())
        visit.told.append(texts.ALBUM_LEFT_OUT.format(reasons=plain(reasons)))


def _room(visit: AlbumVisit, count: int, free: int, most: int) -> int:
    """How many of so many photos fit in, and a sentence where not all do."""
    free = max(free, 0)
    if count > free:
        visit.told.append(texts.ALBUM_MOST.format(most=most, left=count - free, count=count))
    return free
