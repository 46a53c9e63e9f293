"""What goes out of the album and comes back in: everything as one zip, and the album itself as a file."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import streamlit as st

from geoclip_core.errors import GeoclipError
from geoclip_core.page import texts
from geoclip_core.page.album import state
from geoclip_core.page.album.state import AlbumVisit
from geoclip_core.page.markdown import plain
from geoclip_core.page.state.demo import demo
from geoclip_core.page.state.job import CancelledError, Job

if TYPE_CHECKING:
    from geoclip_core.album.entry import Entry
    from geoclip_core.files import Progress

_ZIP = "album zip"
_SIDECARS, _COPIES = "sidecars", "copies"

LARGEST_ALBUM_MB = 64
"""Of a saved album that is opened; what `.streamlit/config.toml` allows of one file."""


def take_along(visit: AlbumVisit, entries: Sequence[Entry]) -> None:
    """Choose what goes into the zip, make it behind a progress bar, then download it."""
    from geoclip_core.album.take_along.tables import ALBUM_FORMATS

    names = {name: known.title for name, known in ALBUM_FORMATS.items()}
    names |= {_SIDECARS: texts.ALBUM_TAKE_SIDECARS}
    names |= {_COPIES: texts.ALBUM_TAKE_COPIES} if visit.photos else {}
    st.caption(texts.ALBUM_TAKE_SAYS)
    what = st.multiselect(
        texts.ALBUM_TAKE_WHAT, list(names), default=list(ALBUM_FORMATS), key="album take", format_func=names.__getitem__
    )
    job: Job[tuple[Path, int, list[str]]] | None = st.session_state.get(_ZIP)
    running = job is not None and job.running
    # No callback: it would get what was chosen when the page was last drawn, not what was chosen just before the click.
    if st.button(texts.ALBUM_TAKE_MAKE, icon=":material/folder_zip:", disabled=not what or not entries or running):
        _make(visit, tuple(entries), tuple(what))
        st.rerun()
    if job is None:
        return
    if job.running:
        _wait(job)
        return
    try:
        path, count, left_out = job.result()
    except CancelledError:
        return
    except GeoclipError as error:
        st.error(plain(str(error)))
        return
    st.download_button(
        texts.ALBUM_TAKE_ZIP.format(count=count),
        path.read_bytes,
        "album.zip",
        "application/zip",
        key="album download",
        icon=":material/download:",
        type="primary",
        on_click="ignore",
    )
    for sentence in left_out:
        st.caption(f":material/warning: {plain(sentence)}")


def _make(visit: AlbumVisit, entries: Sequence[Entry], what: Sequence[str]) -> None:
    from geoclip_core.album.take_along.pack import write_zip

    out = visit.folder / f"{uuid.uuid4().hex}.zip"
    formats = [name for name in what if name not in (_SIDECARS, _COPIES)]
    # By entry number; photos of an album that was opened from a file come behind its entries.
    photos = visit.photos if _COPIES in what and not visit.without_photos else ()

    def work(progress: Progress) -> tuple[Path, int, list[str]]:
        told = write_zip(entries, out, formats=formats, sidecars=_SIDECARS in what, photos=photos, progress=progress)
        return out, len(entries), told

    before: Job[tuple[Path, int, list[str]]] | None = st.session_state.get(_ZIP)
    if before is not None:
        before.cancel()
    st.session_state[_ZIP] = Job(work)


@st.fragment(run_every=0.5)
def _wait(job: Job[tuple[Path, int, list[str]]]) -> None:
    if not job.running:
        st.rerun()
    done, total = job.progress
    st.progress(job.share, texts.ALBUM_TAKING.format(done=done, total=total))
    st.button(texts.ALBUM_CANCEL, key="album zip cancel", on_click=job.cancel)


def save(visit: AlbumVisit) -> None:
    """The album as a file to download."""
    from geoclip_core.album.saved import SUFFIX, album_bytes

    st.download_button(
        texts.ALBUM_SAVE,
        lambda: album_bytes(visit.album),
        f"album{SUFFIX}",
        "application/zip",
        key="album save",
        icon=":material/save:",
        on_click="ignore",
        help=texts.ALBUM_SAVE_SAYS,
    )


def open_saved() -> None:
    """The field for a saved album, which replaces the one that is shown."""
    from geoclip_core.album.saved import SUFFIX

    st.file_uploader(
        texts.ALBUM_OPEN_FILE,
        type=[SUFFIX.removeprefix(".")],
        max_upload_size=LARGEST_ALBUM_MB if not demo() else LARGEST_ALBUM_MB // 8,
        key=f"album file {st.session_state.get('album files', 0)}",
        on_change=_open,
    )


def _open() -> None:
    from geoclip_core.album.saved import read_album

    count = st.session_state.get("album files", 0)
    given = st.session_state.get(f"album file {count}")
    if given is None:
        return
    try:
        state.replace_album(read_album(given.getvalue()))
    except GeoclipError as error:
        st.session_state["trouble"] = plain(str(error))
    st.session_state["album files"] = count + 1
