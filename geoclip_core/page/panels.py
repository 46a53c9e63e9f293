"""What the page says about an answer: the places, the evidence, the photos, the model."""

from __future__ import annotations

from typing import TYPE_CHECKING

import streamlit as st

from geoclip_core.errors import NoEvidenceError
from geoclip_core.page import download, explain, wishes
from geoclip_core.page.demo import demo
from geoclip_core.page.scene import LEAST_SHOWN, Scene, candidates
from geoclip_core.page.session import AUTO, Loaded, Outcome, PhotoSeen
from geoclip_core.page.views import CITY_KM, View
from geoclip_core.page.words import degrees, distance, flag, percent, plain

if TYPE_CHECKING:
    from geoclip_core.locate.answer import Answer

_ICONS = {"visual": ":material/visibility:", "text": ":material/text_fields:", "exif": ":material/photo_camera:"}
_MODELS = {
    "geoclip": "looks at pixels, and understands sentences",
    "embedded": "knows place names and what they mean, and what can be seen without the full model: the position "
    "a photo's file states, and views from above where it was trained for them",
}
_LOCAL = "was trained and exported here"


def landing() -> None:
    """What to expect, before the first question."""
    st.subheader("Where on Earth is this?")
    st.markdown(
        "Type a place or show a photo. You get the **places it may be**, how probable each is, and a heat map "
        "of the whole Earth; choose a place, click the map or draw a box to look closer.\n\n"
        ":material/lock: Photos stay on this machine. Nothing is sent, logged or kept.\n\n"
        ":material/help: Where there is nothing to go by, the answer says so. It never makes up a point."
    )


def places(outcome: Outcome, answer: Answer, view: View) -> None:
    """The candidates; choosing one turns the map to it."""
    shown = candidates(answer)
    with st.container(gap="small"):
        for index, (candidate, next_km) in enumerate(
            zip(shown, (*answer.next_km[: len(shown) - 1], None), strict=True)
        ):
            with st.container(border=True, gap="xxsmall"):
                with st.container(horizontal=True, horizontal_alignment="distribute", vertical_alignment="center"):
                    st.button(
                        f"**{index + 1}**  {flag(candidate.place.country_code)} {plain(candidate.label)}",
                        key=f"place {index}",
                        type="primary" if index == view.candidate else "tertiary",
                        on_click=wishes.look_at,
                        args=(outcome, index),
                        help=f"Look at the {CITY_KM:.0f} km around it.",
                    )
                    st.markdown(f"**{percent(candidate.probability)}**", width="content")
                beside = f"{plain(candidate.place.name)} · " if candidate.place.name != candidate.label else ""
                apart = f" · {distance(next_km)} to {index + 2}" if next_km is not None else ""
                st.caption(f"{beside}half of it within {distance(candidate.radius_km)}{apart}")
                st.caption(
                    f"{degrees(candidate.latlon, 3)} · [Google Maps]({candidate.google_maps}) · "
                    f"[OpenStreetMap]({candidate.openstreetmap})"
                )
        if len(shown) < len(answer.candidates):
            st.caption(f"No other place reaches {percent(LEAST_SHOWN)}.")


def restricted(answer: Answer) -> None:
    """Where was searched, in words and in numbers, and how probable that was before."""
    from geoclip_core.places.region_words import region_words

    region = answer.query.region
    if region is not None:
        words = region_words(region)
        numbers = f" ({plain(region.label)})" if region.label != words else ""
        st.caption(
            f":material/filter_alt: Restricted to {plain(words)}{numbers}: before, "
            f"**{percent(answer.posterior.region_share)}** of the probability lay there."
        )


def how_sure(answer: Answer, scene: Scene | None) -> None:
    """One plain sentence on how sure the answer is, and whether it is calibrated."""
    wide = scene.regions[-1] if scene is not None and scene.heat.share > 0.99 else None
    st.markdown(plain(answer.sure(wide)))


def map_caption(scene: Scene) -> str:
    """What the map shows, as Markdown."""
    if scene.heat.share >= 1 - 1e-9:
        return "Stronger colour is more probable; the faintest is a thousandth of the strongest."
    return f"**{percent(scene.heat.share)}** of the answer lies in this view; colours compare places within it."


def trouble(outcome: Outcome, loaded: Loaded) -> None:
    """Why there is no answer."""
    error = outcome.error
    if isinstance(error, NoEvidenceError):
        st.info(plain(str(error)), icon=":material/search_off:")
        if loaded.locator.name == "embedded" and not demo():
            download.offer("offer after no evidence")
    elif error is not None:
        st.error(plain(str(error)), icon=":material/error:")


def evidence(answer: Answer) -> None:
    """Which model answered, and from what."""
    st.markdown("##### What the answer rests on")
    for note in answer.evidence:
        unused = "" if note.used else " (not used)"
        st.markdown(f"{_ICONS[note.kind]} {plain(note.label)}{unused}")
    st.caption(f"Answered by the model **{plain(answer.model)}**, which {_MODELS.get(answer.model, _LOCAL)}.")
    for remark in answer.notes:
        st.caption(plain(remark))


def photos(outcome: Outcome) -> None:
    """What was shown, what its file says, and which parts of it matter."""
    for index, seen in enumerate(outcome.photos):
        with st.container(border=True):
            _photo(seen)
            if outcome.answer is not None:
                explain.panel(outcome, index)


def _photo(seen: PhotoSeen) -> None:
    """A photo, and what its file says of itself: a claim, not a fact."""
    record = seen.exif
    picture, claims = st.columns([1, 2])
    picture.image(seen.thumbnail, width="stretch")
    claims.markdown("##### What the photo's file says")
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
        claims.caption("Such notes can be edited or copied; they are shown apart from what the model found.")


def model(loaded: Loaded) -> None:
    """Which model is in use, why, and the way to the full one."""
    from geoclip_core.weights.local import survey_models

    name = loaded.locator.name
    local, wrong = survey_models()
    with st.popover(f"Model: {plain(name)}", icon=":material/memory:", width="stretch"):
        st.markdown(f"**{plain(name)}** {_MODELS.get(name, _LOCAL)}.")
        for reason in (loaded.locator.reason, loaded.trouble):
            if reason:
                st.caption(plain(reason))
        if local:
            names = {AUTO: "the usual model"} | {str(record.folder): plain(record.name) for record in local}
            usual = "geoclip where its weights are here, else embedded"
            st.radio(
                "Ask",
                list(names),
                key="model",
                captions=[usual, *(plain(record.summary) for record in local)],
                format_func=lambda option: names.get(option, option),
            )
        for words in wrong if not demo() else ():  # they name folders of this machine
            st.caption(f":material/warning: {plain(words)}")
        if name == "embedded" and not demo():
            download.offer("offer in the model's panel")


def footer(online: bool) -> None:
    """Honesty, misuse, privacy."""
    map_says = "Map tiles come from a tile server." if online else "The map is drawn on this machine."
    st.caption(
        "Probabilities are the model's own and not calibrated: 80 % does not mean right four times in five. "
        "**Do not use this to find or follow people.**  \n"
        f":material/lock: Photos and questions stay on this machine, unlogged. {map_says}"
    )
