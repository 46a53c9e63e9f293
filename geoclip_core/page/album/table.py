"""The album's table: its filters, its order, and a row for each photo."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import streamlit as st

from geoclip_core.earth.regions import parse_region
from geoclip_core.errors import GeoclipError
from geoclip_core.page import texts
from geoclip_core.page.album import pictures, state
from geoclip_core.page.album.drawing import FAIR
from geoclip_core.page.markdown import flag, plain

if TYPE_CHECKING:
    from geoclip_core.album.entry import Entry
    from geoclip_core.album.view import Choice

_HEIGHT_PX = 430
_ROW_PX = 52
_HEAD_PX = 38
_KM, _KM_PX = "%.1f km", 90


def wanted(entries: Sequence[Entry]) -> list[Entry]:
    """Show the filters; returns the entries that pass them, in the order wished for."""
    from geoclip_core.album.view import choose, sort

    with st.container(horizontal=True, vertical_alignment="bottom", gap="small", key="album-filters"):
        turn: Any = {"on_change": state.turn}  # the map shows what passes the filters, whoever moved it before
        words = st.text_input(texts.ALBUM_FIND, key="album find", placeholder=texts.ALBUM_FIND_EXAMPLE, **turn)
        region = st.text_input(texts.ALBUM_REGION, key="album region", placeholder=texts.ALBUM_REGION_EXAMPLE, **turn)
        choices = texts.ALBUM_ONLY_CHOICES
        only = st.multiselect(
            texts.ALBUM_ONLY,
            list(choices),
            key="album only",
            format_func=choices.__getitem__,
            placeholder=texts.ALBUM_ALL,
            **turn,
        )
        sorts = texts.ALBUM_SORTS
        key: Any = st.selectbox(texts.ALBUM_SORT, list(sorts), key="album sort", format_func=sorts.__getitem__)
        falling = st.toggle(texts.ALBUM_FALLING, key="album falling")
    return sort(choose(entries, _choice(words, region, only)), key, falling=falling)


def _choice(words: str, region: str, only: Sequence[str]) -> Choice:
    from geoclip_core.album.view import Choice

    area = None
    if region.strip():
        try:
            area = parse_region(region)
        except GeoclipError as error:
            st.error(plain(str(error)))
    origins: Any = tuple(name for name in only if name in ("nothing", "person", "time"))
    return Choice(
        region=area,
        least_probability=FAIR if "likely" in only else 0.0,
        origin=origins,
        contradicted="contradicted" in only,
        claimed="claimed" in only,
        warned="warned" in only,
        words=words,
    )


def show(entries: Sequence[Entry]) -> None:
    """The table; a chosen row is looked at on the map and in full."""
    columns = texts.ALBUM_COLUMNS
    rows = [_cells(entry) for entry in entries]
    key = f"album table {st.session_state.get('album tables', 0)}"
    st.dataframe(
        [{title: row[name] for name, title in columns.items()} for row in rows],
        height=min(_HEIGHT_PX, _HEAD_PX + _ROW_PX * max(len(rows), 1)),
        row_height=_ROW_PX,
        hide_index=True,
        column_config=_column_config(),
        key=key,
        on_select=lambda: _select(key, [entry.number for entry in entries]),
        selection_mode="single-row",
        placeholder="",
    )
    st.caption(texts.ALBUM_TABLE_HELP)


def _column_config() -> dict[str, Any]:
    """How each column is shown; numbers stay numbers, so that a click on their head sorts them."""
    column, titles = st.column_config, texts.ALBUM_COLUMNS
    made: dict[str, Any] = {
        "picture": column.ImageColumn(width=68),
        "name": column.TextColumn(width=120),
        "place": column.TextColumn(width=190),
        "probability": column.NumberColumn(format="%.1f %%", width=84),
        "radius": column.NumberColumn(format=_KM, width=_KM_PX),
        "rests": column.TextColumn(width="medium"),
        "claims": column.TextColumn(width="medium"),
        "off": column.NumberColumn(format=_KM, width=_KM_PX),
        "warnings": column.TextColumn(width="medium"),
    }
    return {titles[name]: config for name, config in made.items()}


def _cells(entry: Entry) -> dict[str, str | float | None]:
    best, claim = entry.best, entry.file_claim
    place = f"{flag(best.country_code)} {best.name}" if best is not None else texts.ALBUM_NO_PLACE
    return {
        "picture": pictures.address(entry) or None,
        "name": entry.name,
        "place": texts.ALBUM_BY_TIME if entry.origin == "time" else place,
        "probability": 100 * best.probability if best is not None else None,
        "radius": best.radius_km if best is not None else None,
        "rests": "; ".join(entry.evidence) or entry.problem,
        "claims": "; ".join(f"{what}: {value}" for what, value in entry.file_words.items()),
        "off": claim.distance_km if claim is not None else None,
        "warnings": "; ".join(entry.warnings),
    }


def _select(key: str, numbers: Sequence[int]) -> None:
    rows = st.session_state[key]["selection"]["rows"]
    if rows and rows[0] < len(numbers):
        state.choose(numbers[rows[0]])
        state.turn()
