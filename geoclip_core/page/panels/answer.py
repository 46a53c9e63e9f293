"""The answer in words: its places, how sure it is, where was searched, and why there is none."""

from __future__ import annotations

from typing import TYPE_CHECKING

import streamlit as st

from geoclip_core.earth.country_names import country_name
from geoclip_core.errors import GeoclipError, NoEvidenceError
from geoclip_core.locate.wording import degrees, distance, percent
from geoclip_core.page import question_form, texts
from geoclip_core.page.map import events
from geoclip_core.page.map.scene import Scene
from geoclip_core.page.markdown import flag, plain
from geoclip_core.page.panels import full_model_download
from geoclip_core.page.state.demo import demo
from geoclip_core.page.state.models import Loaded
from geoclip_core.page.state.session import Outcome
from geoclip_core.page.state.views import CITY_KM, View

if TYPE_CHECKING:
    from geoclip_core.locate.answer import Answer

_COUNTRIES = 8  # of a wide map that are listed


def places(outcome: Outcome, answer: Answer, view: View) -> None:
    """The candidates; choosing one flies the map to it. Of a wide map, which has no places, its countries."""
    if answer.only_regions:
        _countries(answer)
        return
    with st.container(gap="small"):
        for index, (candidate, next_km) in enumerate(zip(answer.candidates, answer.next_km, strict=True)):
            with st.container(border=True, gap="xxsmall", key=f"candidate-{index}"):
                with st.container(horizontal=True, horizontal_alignment="distribute", vertical_alignment="center"):
                    st.button(
                        f"**{index + 1}**  {flag(candidate.place.country_code)} {plain(candidate.label)}",
                        key=f"place {index}",
                        type="primary" if index == view.candidate else "tertiary",
                        on_click=events.look_at,
                        args=(outcome, index),
                        help=texts.LOOK_AROUND.format(km=CITY_KM),
                    )
                    st.markdown(f"**{percent(candidate.probability)}**", width="content")
                beside = f"{plain(candidate.place.name)} · " if candidate.place.name != candidate.label else ""
                within = texts.HALF_WITHIN.format(km=distance(candidate.radius_km))
                to_next = texts.TO_NEXT.format(km=distance(next_km), number=index + 2) if next_km is not None else ""
                st.caption(beside + within + (f" · {to_next}" if to_next else ""))
                st.caption(
                    f"{degrees(candidate.latlon, 3)} · [Google Maps]({candidate.google_maps}) · "
                    f"[OpenStreetMap]({candidate.openstreetmap})"
                )


def _countries(answer: Answer) -> None:
    """The countries that hold most of a wide map, and how much the others hold together."""
    shown = answer.countries[:_COUNTRIES]
    lines = [f"{flag(code)} {plain(country_name(code))} · **{percent(share)}**" for code, share in shown]
    rest = 1.0 - sum(share for _, share in shown)
    with st.container(border=True, key="countries"):
        st.markdown("  \n".join([*lines, texts.ELSEWHERE.format(share=percent(max(rest, 0.0)))]))


def warnings(answer: Answer) -> None:
    """What makes the answer doubtful, one box each, above everything that looks certain."""
    if answer.only_regions:
        for note in answer.evidence:
            if note.used:
                st.info(plain(f"{note.label[:1].upper()}{note.label[1:]}."), icon=":material/map:")
    for warning in answer.warnings:
        st.warning(plain(warning), icon=":material/warning:")


def restricted(answer: Answer) -> None:
    """The search area in words and in numbers, and how much probability lay there before the restriction."""
    from geoclip_core.places.region_words import region_words

    region = answer.query.region
    if region is not None:
        words = region_words(region)
        numbers = f" ({plain(region.label)})" if region.label != words else ""
        st.caption(
            ":material/filter_alt: "
            + texts.RESTRICTED.format(region=plain(words) + numbers, share=percent(answer.posterior.region_share))
        )


def how_sure(answer: Answer, scene: Scene | None) -> None:
    """One plain sentence on how sure the answer is, and whether it is calibrated."""
    wide = scene.regions[-1] if scene is not None and scene.heat.share > 0.99 else None
    st.markdown(plain(answer.confidence_text(wide)))


def other_readings(outcome: Outcome) -> None:
    """What else the words may mean, each a button that asks it."""
    if outcome.question.text and not outcome.question.photos:
        _readings(texts.ALSO_READ, outcome)


def _readings(title: str, outcome: Outcome) -> None:
    from geoclip_core.text.reader import shared_reader

    text = outcome.question.text
    try:
        found = shared_reader().read(text).suggestions if text.strip() else ()
    except GeoclipError:  # such a text is told of already
        return
    if not found:
        return
    with st.container(horizontal=True, gap="small", vertical_alignment="center"):
        st.caption(title, width="content")
        for reading in found:
            st.button(plain(reading), key=f"read {reading}", on_click=question_form.ask, args=(reading,))


def map_caption(scene: Scene) -> str:
    """How to read the colours of the map, as Markdown."""
    if scene.heat.share >= 1 - 1e-9:
        return texts.COLOURS
    return texts.SHARE_IN_VIEW.format(share=percent(scene.heat.share))


def trouble(outcome: Outcome, loaded: Loaded) -> None:
    """Why there is no answer."""
    error = outcome.error
    if isinstance(error, NoEvidenceError):
        st.info(plain(str(error)), icon=":material/search_off:")
        _readings(texts.READ_INSTEAD, outcome)
        if loaded.locator.name == "embedded" and not demo():
            full_model_download.offer("offer after no evidence")
    elif error is not None:
        st.error(plain(str(error)), icon=":material/error:")
