"""Positions in links: those of map services, and geo: addresses (RFC 5870)."""

from __future__ import annotations

import re
from urllib.parse import unquote

from geoclip_core.text.position.point import Position, decimal_step, metres_as_degrees, position

_N = r"([-+]?\d{1,3}(?:\.\d+)?)"
_LAT_FIRST = (
    r"!3d" + _N + r"!4d" + _N,  # Google Maps: where the pin is; what follows @ is the middle of the map
    r"[?&]mlat=" + _N + r"&mlon=" + _N,  # OpenStreetMap: the marker
    r"[?&](?:q|query|ll|sll|center|daddr|destination|origin|viewpoint|cbll|coordinate|loc|where1|markers?)="
    r"(?:loc:|point:)?" + _N + r"[,\s+]+" + _N,
    r"[?&]cp=" + _N + r"~" + _N,  # Bing
    r"[?&]sp=point\." + _N + r"_" + _N,  # Bing
    r"[?&#]lat(?:itude)?=" + _N + r"&(?:lon|lng|long|longitude)=" + _N,
    r"#(?:map=|[^#]*?/)?\d{1,2}(?:\.\d+)?/" + _N + r"/" + _N,  # OpenStreetMap and most maps drawn with tiles
    r"/maps/(?:place|search|dir)/(?:[^@]*?/)?" + _N + r",[\s+]*" + _N,
    r"@" + _N + r"," + _N,
    r"[?&]latlng=" + _N + r"," + _N,
)
_LON_FIRST = (r"yandex\.[^?]+\?(?:.*&)?(?:pt|ll)=" + _N + r"," + _N,)
_GEO = re.compile(r"geo:" + _N + r"," + _N + r"(?:,-?[\d.]+)?(?P<parameters>[;?].*)?", re.IGNORECASE)
_LABELLED = re.compile(r"[?&]q=" + _N + r"," + _N)
_UNCERTAINTY = re.compile(r";u=([\d.]+)")
_LINK = re.compile(r"(?:https?://|www\.|maps\.app|goo\.gl/)\S+", re.IGNORECASE)
_NAMED = re.compile(r"/(?:maps/(?:place|search)|wiki)/([^/?#@]+)")


def link_position(text: str) -> Position | None:
    """The position that a link in a text holds, or None.

    Args:
        text: Such as ``https://www.openstreetmap.org/#map=12/48.85/2.35`` or ``geo:48.85,2.35;u=35``.

    Raises:
        QueryError: The numbers are no point on Earth.
    """
    geo = _GEO.match(text)
    if geo:
        return _from_geo(geo)
    found = _LINK.search(text)
    if found is None:
        return None
    link = unquote(found.group())
    for patterns, lon_first in ((_LON_FIRST, True), (_LAT_FIRST, False)):
        for pattern in patterns:
            match = re.search(pattern, link, re.IGNORECASE)
            if match:
                return _pair(match.group(2), match.group(1)) if lon_first else _pair(match.group(1), match.group(2))
    return None


def without_links(text: str) -> str:
    """A text with every link replaced by the name of a place in it, such as ".../wiki/Eiffel_Tower", or by nothing."""
    plain = _LINK.sub(_link_name, text).strip()
    return plain or text


def _link_name(link: re.Match[str]) -> str:
    named = _NAMED.search(link.group())
    return re.sub(r"[_+]", " ", unquote(named.group(1))) if named else " "


def _pair(lat: str, lon: str) -> Position:
    return position(float(lat), float(lon), max(decimal_step(lat), decimal_step(lon)), "a link to a map")


def _from_geo(geo: re.Match[str]) -> Position:
    parameters = unquote(geo.group("parameters") or "")
    labelled = _LABELLED.search(parameters)  # Android: the point of the question counts, not that of the map
    lat, lon = labelled.groups() if labelled else geo.group(1, 2)
    uncertainty = _UNCERTAINTY.search(parameters)
    if uncertainty and not labelled:
        return position(float(lat), float(lon), 2 * metres_as_degrees(float(uncertainty.group(1))), "a geo: address")
    found = _pair(lat, lon)
    return Position(found.latlon, found.error_km, "a geo: address")
