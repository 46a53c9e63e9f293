"""The answer in words: its places, how sure it is, where was searched, and why there is none."""

from __future__ import annotations

from typing import TYPE_CHECKING

import streamlit as st

from geoclip_core.errors import NoEvidenceError
from geoclip_core.locate.wording import degrees, distance, percent
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


def places(outcome: Outcome, answer: Answer, view: View) -> None:
    """The candidates; choosing one flies the map to it."""
    with st.container(gap="small"):
        for index, (candidate, next_km) in enumerate(zip(answer.candidates, answer.next_km, strict=True)):
            with st.container(border=True, gap="xxsmall"):
                with st.container(horizontal=True, horizontal_alignment="distribute", vertical_alignment="center"):
                    st.button(
                        f"**{index + 1}**  {flag(candidate.place.country_code)} {plain(candidate.label)}",
                        key=f"place {index}",
                        type="primary" if index == view.candidate else "tertiary",
                        on_click=events.look_at,
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


def warnings(answer: Answer) -> None:
    """What makes the answer doubtful, one box each, above everything that looks certain."""
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
            f":material/filter_alt: Restricted to {plain(words)}{numbers}: before, "
            f"**{percent(answer.posterior.region_share)}** of the probability lay there."
        )


def how_sure(answer: Answer, scene: Scene | None) -> None:
    """One plain sentence on how sure the answer is, and whether it is calibrated."""
    wide = scene.regions[-1] if scene is not None and scene.heat.share > 0.99 else None
    st.markdown(plain(answer.confidence_text(wide)))


def map_caption(scene: Scene) -> str:
    """How to read the colours of the map, as Markdown."""
    if scene.heat.share >= 1 - 1e-9:
        return "Stronger colour is more probable; the faintest is a thousandth of the strongest."
    return f"**{percent(scene.heat.share)}** of the answer lies in this view; colours compare places within it."


def trouble(outcome: Outcome, loaded: Loaded) -> None:
    """Why there is no answer."""
    error = outcome.error
    if isinstance(error, NoEvidenceError):
        st.info(plain(str(error)), icon=":material/search_off:")
        if loaded.locator.name == "embedded" and not demo():
            full_model_download.offer("offer after no evidence")
    elif error is not None:
        st.error(plain(str(error)), icon=":material/error:")
