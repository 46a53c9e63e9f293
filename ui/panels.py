"""What the page says about a question: the inputs, the places, the evidence, the model."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import streamlit as st

from geoclip_core.errors import NoEvidenceError
from geoclip_core.files import asset_path
from ui import download, session
from ui.session import Loaded, Outcome, Question
from ui.words import degrees, distance, percent, plain

if TYPE_CHECKING:
    from geoclip_core.locate.answer import Answer, Candidate
    from geoclip_core.maps.heat import HeatPicture
    from geoclip_core.photo.exif import ExifRecord

EXAMPLES = ("Pyramids of Giza", "Desert", "Burj Khalifa", "Boston, Massachusetts")
PHOTO_TYPES = ("jpg", "jpeg", "png", "webp", "heic", "heif", "avif", "tif", "tiff", "gif", "bmp")
LEAST_SHOWN = 0.0001
_ICONS = {"visual": ":material/visibility:", "text": ":material/text_fields:", "exif": ":material/photo_camera:"}
_MODELS = {
    "geoclip": "looks at pixels, and understands sentences",
    "embedded": "knows place names and what they mean, and reads the position a photo's file states; "
    "it does not look at pixels",
}


@st.cache_data(show_spinner=False)
def _countries() -> dict[str, str]:
    """Codes and names of the countries that can be chosen, by name."""
    features = json.loads(asset_path("web/countries.geojson").read_text(encoding="utf-8"))["features"]
    named = {f["properties"]["code"]: f["properties"]["name"] for f in features}
    return dict(sorted(named.items(), key=lambda item: item[1]))


def _try(example: str) -> None:
    st.session_state["text"] = example


def question() -> Question | None:
    """The inputs, and what is asked; None as long as nothing is."""
    words, where, photo = st.columns([3, 2, 3])
    text = words.text_input(
        "Describe a place", key="text", placeholder="a place, a landmark, a landscape", icon=":material/search:"
    )
    known = _countries()
    region = where.selectbox(
        "Search in",
        list(known),
        index=None,
        key="region",
        placeholder="the whole Earth",
        format_func=lambda code: known.get(code, code),
        accept_new_options=True,
        help="A country; or type several (FR,DE), a continent (continent:Africa), a box "
        "(south,west,north,east) or a circle (lat,lon,radius in km).",
    )
    upload = photo.file_uploader("or show a photo", type=list(PHOTO_TYPES), key="photo")
    with words.container(horizontal=True, gap="small"):
        for example in EXAMPLES:
            st.button(f":primary[{example}]", key=f"try {example}", on_click=_try, args=(example,), type="tertiary")
    if upload is None and not text:
        return None
    return Question(text, upload.getvalue() if upload is not None else None, region)


def landing() -> None:
    """What to expect, before the first question."""
    st.subheader("Where on Earth is this?")
    st.markdown(
        "Type a place or show a photo. You get the **places it may be**, how probable each is, and a heat map "
        "of the whole Earth; choose a place to see the streets around it.\n\n"
        ":material/lock: Photos stay on this machine. Nothing is sent, logged or kept.\n\n"
        ":material/help: Where there is nothing to go by, the answer says so. It never makes up a point."
    )


def candidates(answer: Answer) -> tuple[Candidate, ...]:
    """The places worth showing: the first, and those with a probability that can be told from nothing."""
    return tuple(c for i, c in enumerate(answer.candidates) if i == 0 or c.probability >= LEAST_SHOWN)


def label(candidate: Candidate) -> str:
    """What a place is called: as the question named it if that says where it is, else by what is near."""
    place = candidate.place
    return candidate.named if place.country_name and place.country_name in candidate.named else place.name


def places(answer: Answer) -> None:
    """The candidates; choosing one turns the map to it."""
    chosen = session.shown()
    with st.container(gap="small"):
        for index, candidate in enumerate(candidates(answer)):
            with st.container(border=True, gap="xxsmall"):
                with st.container(horizontal=True, horizontal_alignment="distribute", vertical_alignment="center"):
                    st.button(
                        f"**{index + 1}**  {plain(label(candidate))}",
                        key=f"place {index}",
                        type="primary" if index == chosen else "tertiary",
                        on_click=session.show,
                        args=(index,),
                        help=f"Half of this probability lies within {distance(candidate.radius_km)}. "
                        "Choose it to see its surroundings.",
                    )
                    st.markdown(f"**{percent(candidate.probability)}**", width="content")
                if candidate.named and candidate.named != label(candidate):
                    st.caption(plain(candidate.named))
                st.caption(
                    f"{degrees(candidate.latlon, 3)} · [Google Maps]({candidate.google_maps}) · "
                    f"[OpenStreetMap]({candidate.openstreetmap})"
                )
        if len(candidates(answer)) < len(answer.candidates):
            st.caption(f"No other place reaches {percent(LEAST_SHOWN)}.")


def map_caption(answer: Answer, candidate: int | None, heat: HeatPicture | None) -> str:
    """What the map shows, as Markdown."""
    if candidate is None or heat is None:
        return "Stronger colour is more probable; the faintest is a thousandth of the strongest."
    name = plain(label(answer.candidates[candidate]))
    return f"{session.CITY_KM:.0f} km around **{name}** · {percent(heat.share)} of the answer"


def trouble(outcome: Outcome, loaded: Loaded) -> None:
    """Why there is no answer."""
    error = outcome.error
    if isinstance(error, NoEvidenceError):
        st.info(plain(str(error)), icon=":material/search_off:")
        if loaded.locator.name == "embedded":
            download.offer("offer after no evidence")
    elif error is not None:
        st.error(plain(str(error)), icon=":material/error:")


def evidence(answer: Answer) -> None:
    """Which model answered, and from what."""
    with st.container(border=True):
        st.markdown("##### What the answer rests on")
        for note in answer.evidence:
            unused = "" if note.used else " (not used)"
            st.markdown(f"{_ICONS[note.kind]} {plain(note.label)}{unused}")
        st.caption(f"Answered by the model **{plain(answer.model)}**, which {_MODELS.get(answer.model, 'is local')}.")
        region = answer.query.region
        if region is not None:
            share = percent(answer.posterior.region_share)
            st.caption(f"Restricted to {plain(region.label)}, which held {share} of the probability before.")
        for remark in answer.notes:
            st.caption(plain(remark))


def exif(record: ExifRecord, outcome: Outcome) -> None:
    """The photo, and what its file says of itself: a claim, not a fact."""
    with st.container(border=True):
        st.markdown("##### What the photo's file says")
        picture, claims = st.columns([1, 2])
        if outcome.thumbnail is not None:
            picture.image(outcome.thumbnail, width="stretch")
        said = {
            "Position": degrees(record.latlon) if record.latlon else None,
            "Taken": f"{record.taken_at:%d %B %Y, %H:%M}" if record.taken_at else None,
            "Camera": record.camera,
            "Altitude": f"{record.altitude_m:.0f} m" if record.altitude_m is not None else None,
            "Heading": f"{record.heading_deg:.0f}°" if record.heading_deg is not None else None,
            "Error": f"{record.error_m:.0f} m" if record.error_m else None,
        }
        lines = [f"{word}: **{plain(value)}**" for word, value in said.items() if value]
        claims.markdown("  \n".join(lines) if lines else "Nothing about place, time or camera.")
        for problem in record.problems:
            claims.caption(f":material/warning: {plain(problem)}")
        if lines:
            st.caption("Such notes can be edited or copied; they are shown apart from what the model found.")


def model(loaded: Loaded) -> None:
    """Which model is in use, why, and the way to the full one."""
    name = loaded.locator.name
    with st.popover(f"Model: {name}", icon=":material/memory:", width="stretch"):
        st.markdown(f"**{plain(name)}** {_MODELS.get(name, 'is a local model')}.")
        for reason in (loaded.locator.reason, loaded.trouble):
            if reason:
                st.caption(plain(reason))
        if name == "embedded":
            download.offer("offer in the model's panel")


def footer(online: bool) -> None:
    """Honesty, misuse, privacy."""
    map_says = "Map tiles come from a tile server." if online else "The map is drawn on this machine."
    st.caption(
        "Probabilities are the model's own and not calibrated: 80 % does not mean right four times in five. "
        "**Do not use this to find or follow people.**  \n"
        f":material/lock: Photos and questions stay on this machine, unlogged. {map_says}"
    )
