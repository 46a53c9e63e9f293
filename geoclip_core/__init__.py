"""GeoCLIP made real: a photo, a sentence, or both, to an honest probability map of the Earth.

The names below are loaded on first use: importing this package imports neither torch nor streamlit.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from geoclip_core.earth.regions import parse_region
    from geoclip_core.earth.window import Window
    from geoclip_core.errors import GeoclipError, NoEvidenceError
    from geoclip_core.locate.answer import Answer, Candidate
    from geoclip_core.locate.field import Field
    from geoclip_core.locate.load import load_locator
    from geoclip_core.locate.locator import Locator
    from geoclip_core.locate.query import Query
    from geoclip_core.model.geoclip import GeoCLIP
    from geoclip_core.weights.load import LocationEncoder

__version__ = "0.1.0"

_HOME = {
    "Answer": "locate.answer",
    "Candidate": "locate.answer",
    "Field": "locate.field",
    "GeoCLIP": "model.geoclip",
    "GeoclipError": "errors",
    "LocationEncoder": "weights.load",
    "Locator": "locate.locator",
    "NoEvidenceError": "errors",
    "Query": "locate.query",
    "Window": "earth.window",
    "load_locator": "locate.load",
    "parse_region": "earth.regions",
}

__all__ = [
    "Answer",
    "Candidate",
    "Field",
    "GeoCLIP",
    "GeoclipError",
    "LocationEncoder",
    "Locator",
    "NoEvidenceError",
    "Query",
    "Window",
    "load_locator",
    "parse_region",
]


def __getattr__(name: str) -> Any:
    if name not in _HOME:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_HOME[name]}"), name)
