"""What one visit remembers of its album: the album itself, the photos behind it, and the work under way."""

from __future__ import annotations

import shutil
import tempfile
import time
import weakref
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

import streamlit as st

from geoclip_core.page.state import questions_first, rooms
from geoclip_core.page.state.job import Job
from geoclip_core.page.state.memory import keep_loaded

if TYPE_CHECKING:  # these import torch, which the first sight of the page does not wait for
    from geoclip_core.album.album import Album, AlbumPhoto
    from geoclip_core.album.entry import Entry
    from geoclip_core.files import Progress
    from geoclip_core.locate.locator import Locator

MOST_DROPPED = 500
"""Photos that one visit may drop on the page."""

_KEY = "album visit"
_CHOSEN = "album chosen"


@dataclass(eq=False)
class AlbumVisit:
    """The album of a visit.

    Attributes:
        album: Its entries, which grow while photos are answered.
        photos: The photos behind them, in the same order, and behind those the ones that wait for an answer; an album
            that was opened from a file has none.
        work: What answers the photos, if that is under way or has ended.
        began: When it began, seconds of a monotonic clock.
        told: Sentences about the last addition.
        refused: Why nothing was added.
        asked: How many of the photos were there when the work began last.
        without_photos: How many of the first entries came from a file, and have no photos.
    """

    album: Album
    photos: list[AlbumPhoto] = field(default_factory=list)
    work: Job[None] | None = None
    began: float = 0.0
    told: list[str] = field(default_factory=list)
    without_photos: int = 0
    asked: int = 0
    refused: str = ""
    _folder: Path | None = None

    @property
    def waiting(self) -> list[AlbumPhoto]:
        """Photos without an answer yet."""
        return self.photos[len(self.album.entries) - self.without_photos :]

    @property
    def working(self) -> bool:
        """Whether photos are being answered; work that was stopped adds nothing more, even where it still ends."""
        return self.work is not None and self.work.running and not self.work.stopped

    @property
    def folder(self) -> Path:
        """A folder for copies of dropped photos; it goes with the visit."""
        if self._folder is None:
            self._folder = Path(tempfile.mkdtemp(prefix="geoclip-album-"))
            weakref.finalize(self, shutil.rmtree, self._folder, ignore_errors=True)
        return self._folder

    def photo_of(self, entry: Entry) -> AlbumPhoto | None:
        """The photo of an entry; None for one that was opened from a file."""
        index = entry.number - self.without_photos
        return self.photos[index] if 0 <= index < len(self.photos) else None

    def seconds_left(self) -> float | None:
        """How long the work still takes at its pace so far; None as long as nothing is known."""
        done, total = self.work.progress if self.work is not None else (0, 0)
        return (time.monotonic() - self.began) / done * (total - done) if done else None

    @property
    def count(self) -> int:
        """Photos in all, answered or not."""
        return self.without_photos + len(self.photos)

    def start_new(self, locator: Locator) -> None:
        """Answer photos that came since the work began last; one that was stopped goes on when it is told to."""
        if self.work is None or (not self.working and len(self.photos) > self.asked):
            self.start(locator)

    def start(self, locator: Locator) -> None:
        """Answer the waiting photos behind the page."""
        waiting = tuple(self.waiting)
        if waiting and not self.working:
            self.began, self.asked = time.monotonic(), len(self.photos)
            self.work = Job(lambda progress: _answer(self.album, locator, waiting, progress))


def _answer(album: Album, locator: Locator, photos: Sequence[AlbumPhoto], progress: Progress) -> None:
    from geoclip_core.album.filling import fill

    progress(0, len(photos))
    entries = fill(locator, photos, start=len(album.entries), pause=questions_first.let_pass)
    try:
        for done, entry in enumerate(entries):
            progress(done, len(photos))  # where that ends the work, nothing is added
            album.add(entry)
            keep_loaded("photos")
        progress(len(photos), len(photos))
    finally:
        entries.close()  # type: ignore[attr-defined]  # a generator, whose threads end here


def visit() -> AlbumVisit:
    """The album of this visit."""
    from geoclip_core.album.album import Album

    kept = st.session_state.get(_KEY)
    if not isinstance(kept, AlbumVisit):
        kept = st.session_state[_KEY] = AlbumVisit(Album())
    return kept


def replace_album(album: Album | None = None) -> None:
    """Show another album instead, or an empty one; copies of dropped photos are removed.

    Args:
        album: One that was opened from a file.
    """
    from geoclip_core.album.album import Album

    before = st.session_state.get(_KEY)
    if isinstance(before, AlbumVisit) and before.work is not None:
        before.work.cancel()
    st.session_state[_KEY] = AlbumVisit(album or Album(), without_photos=len(album.entries) if album else 0)
    st.session_state.update(rooms.ALBUM_FILTERS)
    choose(None)
    turn()


def chosen() -> Entry | None:
    """The entry that is looked at."""
    number, entries = st.session_state.get(_CHOSEN), visit().album.entries
    return entries[number] if isinstance(number, int) and 0 <= number < len(entries) else None


def choose(number: int | None) -> None:
    """Look at an entry, or at none."""
    st.session_state[_CHOSEN] = number
    st.session_state["album moving"] = False


def close() -> None:
    """Look at no entry any more, and turn the map to all that are shown."""
    choose(None)
    turn()


def turn() -> None:
    """Turn the map to what is shown now."""
    st.session_state["album turned"] = turned() + 1


def turned() -> int:
    """How often the map was told to turn."""
    return int(st.session_state.get("album turned", 0))
