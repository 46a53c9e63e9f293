"""The form of a question, one line above the map: words, photos of one place, and where to search."""

from __future__ import annotations

import csv
import functools
from typing import TYPE_CHECKING

import streamlit as st

from geoclip_core.earth.country_names import continents, countries_by_name
from geoclip_core.errors import GeoclipError
from geoclip_core.files import asset_path
from geoclip_core.page import texts
from geoclip_core.page.markdown import area_named, flag, plain
from geoclip_core.page.state import looking
from geoclip_core.page.state.demo import largest_mb, most_photos
from geoclip_core.page.state.session import Question
from geoclip_core.photo.limits import SUFFIXES

if TYPE_CHECKING:
    from streamlit.delta_generator import DeltaGenerator

_RADIUS_KM = 500


_countries = functools.cache(countries_by_name)
_continents = functools.cache(lambda: tuple(continents().values()))


@st.cache_data(show_spinner=False)
def samples() -> dict[str, str]:
    """Files of the sample gallery, and what they show."""
    try:
        table = asset_path("samples/samples.csv").read_text(encoding="utf-8")
    except GeoclipError:
        return {}
    return {row["file"]: row["place"] for row in csv.DictReader(table.splitlines())}


def fill(text: str, region: str) -> None:
    """Put a question into the form, such as that of a link; before the form is shown.

    Args:
        text: The words, "" for none.
        region: A restriction in the form that ``parse_region`` reads, "" for none.
    """
    st.session_state["text"] = text
    st.session_state["regions"] = region_places(region)


def question(ask: DeltaGenerator, where: DeltaGenerator, beside: DeltaGenerator) -> Question | None:
    """Show the form; returns the question in it, None as long as it is empty.

    Args:
        ask: Where the words and the photos are asked for.
        where: Where the search area is asked for.
        beside: Where there is room for more: the sample that is shown, and the weight of words against photos.
    """
    with ask:
        text = st.text_input(
            texts.DESCRIBE,
            key="text",
            placeholder=texts.DESCRIBE_EXAMPLE,
            icon=":material/search:",
        )
        photos = _photos(beside)
    with where:
        region = _region()
    if not photos and not text:
        return None
    weight = 0.5
    if photos and text:
        weight = beside.slider(texts.WEIGHT, 0.0, 1.0, 0.5, 0.05, key="weight", help=texts.WEIGHT_HELP)
    return Question(text, photos, region, weight, looking.left_out())


def examples() -> None:
    """Questions to try with one click."""
    with st.container(horizontal=True, gap="small", key="examples"):
        st.markdown(texts.TRY, width="content")
        for example in texts.EXAMPLES:
            st.button(f":primary[{example}]", key=f"try {example}", on_click=_try, args=(example,), type="tertiary")
        for file in list(samples())[:1]:
            name = f":primary[{texts.A_PHOTO}]"
            st.button(name, key="try a photo", on_click=choose, args=(file,), type="tertiary")
        if samples():
            with st.popover(texts.SAMPLES, icon=":material/photo_library:", type="tertiary"):
                _gallery()


def _gallery() -> None:
    st.caption(texts.SAMPLES_FROM)
    for start in range(0, len(samples()), 2):
        row = list(samples().items())[start : start + 2]
        for column, (file, place) in zip(st.columns(2), row, strict=False):
            column.image(str(asset_path(f"samples/{file}")), width="stretch")
            column.button(plain(place), key=f"sample {file}", on_click=choose, args=(file,), width="stretch")


def _try(example: str) -> None:
    ask(example)
    _clear_photos()


def ask(text: str) -> None:
    """Ask other words, with the same photos and the same search area."""
    st.session_state["text"] = text


def choose(file: str) -> None:
    """Ask about a photo of the gallery."""
    _clear_photos()
    st.session_state["text"] = ""
    st.session_state["sample"] = file


def keep_photos(photos: tuple[bytes, ...], name: str = "") -> None:
    """Ask about photos that do not come from the uploader, which then is empty.

    Args:
        photos: Their bytes.
        name: What to call them.
    """
    _clear_photos()
    st.session_state["kept"], st.session_state["kept name"] = photos, name


def kept_photos() -> tuple[bytes, ...]:
    """Photos of the question that do not come from the uploader, if any."""
    kept: tuple[bytes, ...] = st.session_state.get("kept", ())
    return kept


def _clear_photos() -> None:
    st.session_state["sample"] = None
    st.session_state["kept"] = ()
    st.session_state["uploads"] = st.session_state.get("uploads", 0) + 1  # a new key empties the uploader


def _photos(beside: DeltaGenerator) -> tuple[bytes, ...]:
    uploads = st.file_uploader(
        texts.PHOTOS,
        type=list(SUFFIXES),
        accept_multiple_files=True,
        max_upload_size=largest_mb(),
        key=f"photos {st.session_state.get('uploads', 0)}",
        help=texts.PHOTOS_HELP,
    )
    if uploads:
        if len(uploads) > most_photos():
            beside.warning(texts.MOST_PHOTOS.format(most=most_photos(), count=len(uploads)))
        st.session_state["kept"] = ()
        return tuple(upload.getvalue() for upload in uploads[: most_photos()])
    if kept := kept_photos():
        with beside.container(horizontal=True, vertical_alignment="center"):
            st.caption(texts.KEPT_PHOTOS.format(name=plain(st.session_state.get("kept name") or texts.FROM_BEFORE)))
            st.button(texts.REMOVE, key="remove kept", icon=":material/close:", type="tertiary", on_click=_clear_photos)
        return kept
    file = st.session_state.get("sample")
    if file not in samples():
        return ()
    with beside.container(horizontal=True, vertical_alignment="center"):
        st.image(str(asset_path(f"samples/{file}")), width=72)
        st.caption(texts.SAMPLE.format(place=plain(samples()[file])))
        st.button(texts.REMOVE, key="remove sample", icon=":material/close:", type="tertiary", on_click=_clear_photos)
    return (asset_path(f"samples/{file}").read_bytes(),)


def _region() -> str | None:
    known = _countries()
    # What was typed or drawn is an option too: the browser gives options back as they were, and not as they are shown.
    own = [given for given in st.session_state.get("regions", []) if given not in known and given not in _continents()]
    named: dict[str, str] = {}
    for given in own:
        words = area_named(given)
        named[given] = given if words in named.values() else words

    def name(given: str) -> str:
        return f"{flag(given)} {known[given]}" if given in known else named.get(given, given)

    places = st.multiselect(
        texts.SEARCH_IN,
        [*_continents(), *known, *named],
        key="regions",
        placeholder=texts.SEARCH_EVERYWHERE,
        format_func=name,
        on_change=_rename,
        accept_new_options=True,
        select_all=False,
        help=texts.SEARCH_HELP,
    )
    if any(place.count(",") == 2 for place in places):
        st.number_input(
            texts.RADIUS,
            1,
            20015,
            st.session_state.get("radius", _RADIUS_KM),
            key="radius",
            on_change=_resize,
            help=texts.RADIUS_HELP,
        )
    return region_text(places)


def _rename() -> None:
    """Show a typed area in words: the browser renews the labels only where the page sets the value."""
    st.session_state["regions"] = list(st.session_state["regions"])


def region_text(places: list[str]) -> str | None:
    """Several restrictions in the form that ``parse_region`` reads; countries together, which is faster."""
    countries = ",".join(place for place in places if place in _countries())
    others = [f"continent:{p}" if p in _continents() else p for p in places if p not in _countries()]
    return ";".join([countries, *others] if countries else others) or None


def region_places(text: str) -> list[str]:
    """The inverse of :func:`region_text`."""
    places: list[str] = []
    for part in (part.strip() for part in text.split(";")):
        codes = [code.strip().upper() for code in part.split(",")]
        if all(code in _countries() for code in codes):
            places += codes
        elif part:
            places.append(part.removeprefix("continent:"))
    return places


def _resize() -> None:
    """Give circles on the map the radius that was typed."""
    km = st.session_state["radius"]
    places: list[str] = st.session_state.get("regions", [])
    st.session_state["regions"] = [
        f"{place.rpartition(',')[0]},{km}" if place.count(",") == 2 else place for place in places
    ]


def restrict(box: list[float] | None = None, point: list[float] | None = None) -> None:
    """Restrict the search to a box or to a circle; an earlier box or circle goes.

    Args:
        box: South, west, north, east in degrees.
        point: The middle of a circle, latitude and longitude in degrees; the radius is that of the form.
    """
    places: list[str] = [p for p in st.session_state.get("regions", []) if p.count(",") not in (2, 3)]
    if box is not None:
        places.append(",".join(f"{edge:.2f}" for edge in box))
    if point is not None:
        places.append(f"{point[0]:.3f},{point[1]:.3f},{st.session_state.get('radius', _RADIUS_KM)}")
    st.session_state["regions"] = places
