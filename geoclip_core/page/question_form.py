"""The form of a question: words, photos of one place, and where to search."""

from __future__ import annotations

import csv
import functools

import streamlit as st

from geoclip_core.earth.country_names import continents, countries_by_name
from geoclip_core.errors import GeoclipError
from geoclip_core.files import asset_path
from geoclip_core.page.markdown import area_named, flag, plain
from geoclip_core.page.state.demo import largest_mb, most_photos
from geoclip_core.page.state.session import Question
from geoclip_core.photo.limits import SUFFIXES

EXAMPLES = ("Pyramids of Giza", "Desert", "Burj Khalifa", "Boston, Massachusetts")
_RADIUS_KM = 500
_RADIUS_PX = 140


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


def from_link() -> None:
    """Take over the question of a link such as ``?q=Paris&region=FR``, once per visit."""
    if "arrived" in st.session_state:
        return
    st.session_state["arrived"] = True
    if text := st.query_params.get("q", "").strip():
        st.session_state["text"] = text
    if region := st.query_params.get("region", "").strip():
        st.session_state["regions"] = region_places(region)


def question() -> Question | None:
    """Show the form; returns the question in it, None as long as it is empty."""
    from_link()
    words, shown = st.columns([3, 2])
    with words:
        text = st.text_input(
            "Describe a place", key="text", placeholder="a place, a landmark, a landscape", icon=":material/search:"
        )
        _examples()
    with shown:
        photos = _photos()
    region = _region()
    if not photos and not text:
        return None
    weight = 0.5
    if photos and text:
        weight = st.slider(
            "Weight of the text against the photos",
            0.0,
            1.0,
            0.5,
            0.05,
            key="weight",
            help="0 is the photos alone, 1 the text alone; in the middle both count in full.",
        )
    return Question(text, photos, region, weight)


def _examples() -> None:
    with st.container(horizontal=True, gap="small"):
        for example in EXAMPLES:
            st.button(f":primary[{example}]", key=f"try {example}", on_click=_try, args=(example,), type="tertiary")
        for file in list(samples())[:1]:
            st.button(":primary[A photo]", key="try a photo", on_click=choose, args=(file,), type="tertiary")
        if samples():
            with st.popover("Sample photos", icon=":material/photo_library:", type="tertiary"):
                _gallery()


def _gallery() -> None:
    st.caption("Views from above by NASA's Blue Marble; they are part of this program.")
    for start in range(0, len(samples()), 2):
        row = list(samples().items())[start : start + 2]
        for column, (file, place) in zip(st.columns(2), row, strict=False):
            column.image(str(asset_path(f"samples/{file}")), width="stretch")
            column.button(plain(place), key=f"sample {file}", on_click=choose, args=(file,), width="stretch")


def _try(example: str) -> None:
    st.session_state["text"] = example
    _clear_photos()


def choose(file: str) -> None:
    """Ask about a photo of the gallery."""
    _clear_photos()
    st.session_state["text"] = ""
    st.session_state["sample"] = file


def _clear_photos() -> None:
    st.session_state["sample"] = None
    st.session_state["uploads"] = st.session_state.get("uploads", 0) + 1  # a new key empties the uploader


def _photos() -> tuple[bytes, ...]:
    uploads = st.file_uploader(
        "or show photos of it",
        type=list(SUFFIXES),
        accept_multiple_files=True,
        max_upload_size=largest_mb(),
        key=f"photos {st.session_state.get('uploads', 0)}",
        help="One or several photos of the same place. You can also paste them anywhere on the page.",
    )
    if uploads:
        if len(uploads) > most_photos():
            st.warning(f"The first {most_photos()} of {len(uploads)} photos are used.")
        return tuple(upload.getvalue() for upload in uploads[: most_photos()])
    file = st.session_state.get("sample")
    if file not in samples():
        return ()
    with st.container(horizontal=True, vertical_alignment="center"):
        st.image(str(asset_path(f"samples/{file}")), width=72)
        st.caption(f"Sample: {plain(samples()[file])}")
        st.button("Remove", key="remove sample", icon=":material/close:", type="tertiary", on_click=_clear_photos)
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

    row = st.container(horizontal=True)  # side by side on a phone too
    places = row.multiselect(
        "Search in",
        [*_continents(), *known, *named],
        key="regions",
        placeholder="the whole Earth",
        format_func=name,
        on_change=_rename,
        accept_new_options=True,
        select_all=False,
        help="Countries, continents, or what you type: a box (south,west,north,east) or a circle (lat,lon,radius in "
        "km). You can also draw a box on the map, or click the map and search around that point.",
    )
    row.number_input(
        "Radius, km",
        1,
        20015,
        _RADIUS_KM,
        key="radius",
        on_change=_resize,
        width=_RADIUS_PX,
        help="Of a circle around a point that you click on the map.",
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
