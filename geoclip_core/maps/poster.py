"""An answer as one picture: land, heat, outlines, numbered places, and how to read them. Drawn without a network."""

from __future__ import annotations

import io
import math
import unicodedata
from collections.abc import Sequence
from typing import Any

import numpy as np
import shapely
from PIL import Image, ImageDraw, ImageFont

from geoclip_core.earth.coordinates import Floats
from geoclip_core.earth.countries import countries
from geoclip_core.earth.projection import CYLINDRICAL
from geoclip_core.earth.window import Window
from geoclip_core.errors import QueryError
from geoclip_core.locate.answer import Answer
from geoclip_core.locate.credible import CredibleRegion
from geoclip_core.locate.field import Field
from geoclip_core.locate.wording import area, percent
from geoclip_core.maps.colour_bar import ColourBar, colour_bar
from geoclip_core.maps.heat import DECADES, GLOW_PX, glow
from geoclip_core.maps.palette import levels, ramp

ATTRIBUTION = "Land: Natural Earth. Place names: GeoNames, CC BY 4.0."
WIDTHS_PX = (320, 8000)

_SEA, _LAND, _LINE, _INK, _PAPER = "#d9e5ee", "#f7f5ef", "#c4c0b4", "#14202b", "#ffffff"
_CLEAR = "#ffffff00"
_SPECK = 6  # pixels; the outline of anything smaller would cover it
_LINE_UNIT = 2400  # a picture this wide has lines of the stated widths
_FONTS = ("DejaVuSans.ttf", "NotoSans-Regular.ttf", "Arial.ttf", "Helvetica.ttc")
_FINER = 2  # lines are drawn this much larger, then scaled down, so that they are smooth
_MOST_LISTED = 10

Font = ImageFont.FreeTypeFont | ImageFont.ImageFont


def map_png(answer: Answer, field: Field, width_px: int = 1600, regions: Sequence[CredibleRegion] = ()) -> bytes:
    """The answer as a picture to print or send.

    Args:
        answer: The answer; its places in the window are numbered, all of the first ten are listed.
        field: Its field over a window in a cylindrical projection, which is what the map shows.
        width_px: Width of the picture, 320 to 8000.
        regions: Credible regions to outline.

    Returns:
        The bytes of a PNG file.

    Raises:
        QueryError: A local window, or a width out of range.
    """
    if field.window.projection not in CYLINDRICAL:
        raise QueryError(f"The field has a {field.window.projection} window", allowed=" or ".join(CYLINDRICAL))
    if not WIDTHS_PX[0] <= width_px <= WIDTHS_PX[1]:
        raise QueryError(f"The picture would be {width_px} pixels wide", allowed=f"{WIDTHS_PX[0]} to {WIDTHS_PX[1]}")
    fine = _Frame(field.window, width_px * _FINER)
    land = _land(fine)
    height_px = max(1, fine.height_px // _FINER)
    picture = land.resize((width_px, height_px), Image.Resampling.LANCZOS).convert("RGBA")
    picture.alpha_composite(_heat(field).resize(picture.size, Image.Resampling.BILINEAR))
    marks = Image.new("RGBA", (fine.width_px, fine.height_px), _CLEAR)
    _outlines(marks, fine, regions)
    _places(marks, fine, answer)
    picture.alpha_composite(marks.resize(picture.size, Image.Resampling.LANCZOS))
    foot = _legend(answer, colour_bar(field), width_px, regions)
    whole = Image.new("RGB", (width_px, picture.height + foot.height), _PAPER)
    whole.paste(picture.convert("RGB"))
    whole.paste(foot, (0, picture.height))
    stream = io.BytesIO()
    whole.save(stream, format="PNG", optimize=True)
    return stream.getvalue()


class _Frame:
    """From longitude and latitude to pixels of a picture of a window.

    Args:
        window: In a cylindrical projection.
        width_px: Width of the picture; its height keeps the window's shape.
    """

    def __init__(self, window: Window, width_px: int) -> None:
        self.south, self.west, self.north, east = window.bounds
        self.span = (east - self.west) % 360.0 or 360.0
        self.projection = CYLINDRICAL[window.projection]
        ends = self.projection.y(np.array([self.north, self.south]))
        self.top, self.tall = float(ends[0]), float(ends[0] - ends[1])
        middle_lat = (self.north + self.south) / 2
        shape = math.cos(math.radians(middle_lat)) / self.projection.lat_per_y(middle_lat)  # width per height
        self.width_px = width_px
        self.height_px = max(1, round(width_px * self.tall / (self.span * shape)))

    def pixels(self, lonlat: Floats) -> list[tuple[float, float]]:
        """(x, y) of points (n, 2), longitude first, from the window's west edge on."""
        x = (lonlat[:, 0] - self.west) / self.span * self.width_px
        y = (self.top - self.projection.y(lonlat[:, 1])) / self.tall * self.height_px
        return list(zip(x.tolist(), y.tolist(), strict=True))

    def clipped(self, shape: Any) -> list[Any]:
        """The polygons of a shape that lie in the window, with longitudes from its west edge on."""
        parts = []
        for turn in (0.0, 360.0):
            part = shapely.clip_by_rect(shape, self.west - turn, self.south, self.west - turn + self.span, self.north)
            moved = shapely.transform(part, lambda xy, by=(turn, 0.0): np.add(xy, by))
            parts += [polygon for polygon in shapely.get_parts(moved) if polygon.geom_type == "Polygon"]
        return parts


def _land(frame: _Frame) -> Image.Image:
    image = Image.new("RGB", (frame.width_px, frame.height_px), _SEA)
    pen = ImageDraw.Draw(image)
    parts = [part for country in countries().values() for part in frame.clipped(country.geometry)]
    # The larger first, so that a country inside a hole of another one is not painted over.
    for part in sorted(parts, key=lambda polygon: -polygon.area):
        pen.polygon(frame.pixels(shapely.get_coordinates(part.exterior)), fill=_LAND, outline=_LINE, width=_FINER)
        for hole in part.interiors:
            pen.polygon(frame.pixels(shapely.get_coordinates(hole)), fill=_SEA, outline=_LINE, width=_FINER)
    return image


def _heat(field: Field) -> Image.Image:
    """The field with the colours of :func:`geoclip_core.maps.heat.heat_picture`."""
    level = levels(field.density_per_km2, DECADES)
    if field.method == "summed":
        level = glow(level, GLOW_PX)
    return Image.fromarray(ramp(False)[level])


def _outlines(marks: Image.Image, frame: _Frame, regions: Sequence[CredibleRegion]) -> None:
    pen = ImageDraw.Draw(marks)
    lines = [
        frame.pixels(shapely.get_coordinates(ring))
        for region in regions
        for part in frame.clipped(region.geometry)
        for ring in (part.exterior, *part.interiors)
        if max(np.ptp(shapely.get_coordinates(ring), axis=0)) * frame.width_px / frame.span > _SPECK * _FINER
    ]
    for colour, wide in ((_PAPER, 5), (_INK, 2)):  # to be seen on any heat
        for line in lines:
            pen.line(line, fill=colour, width=round(wide * frame.width_px / _LINE_UNIT) or 1)


def _places(marks: Image.Image, frame: _Frame, answer: Answer) -> None:
    pen = ImageDraw.Draw(marks)
    radius = max(7.0 * _FINER, frame.width_px / 120)
    font = _font(radius * 1.2)
    numbered = list(enumerate(answer.candidates, start=1))
    for number, candidate in reversed(numbered):  # the more probable on top
        lat, lon = candidate.latlon
        east = (lon - frame.west) % 360.0
        if not (frame.south <= lat <= frame.north and east <= frame.span):
            continue
        x, y = frame.pixels(np.array([[frame.west + east, lat]]))[0]
        box = (x - radius, y - radius, x + radius, y + radius)
        pen.ellipse(box, fill=_PAPER, outline=_INK, width=max(1, round(radius / 6)))
        pen.text((x, y), str(number), fill=_INK, font=font, anchor="mm")


def _legend(answer: Answer, bar: ColourBar, width_px: int, regions: Sequence[CredibleRegion]) -> Image.Image:
    """What lies under the map: the places in words, the colour bar, and who says so."""
    em = max(9.0, width_px / 80)
    font, small = _font(em), _font(em * 0.8)
    listed = answer.candidates[:_MOST_LISTED]
    places = [f"{n}  {c.label}: {percent(c.probability)}" for n, c in enumerate(listed, start=1)]
    notes = [f"{100 * r.level:g} % outline: {'at most ' * r.upper_bound}{area(r.area_km2)}" for r in regions]
    calibrated = "calibrated" if answer.calibrated else "not calibrated"
    notes += [f"Answered by the model {answer.model}; probabilities are {calibrated}.", ATTRIBUTION]
    line, margin = 1.5 * em, em
    rows = max(len(places), 4 + len(notes))
    image = Image.new("RGB", (width_px, round(2 * margin + rows * line)), _PAPER)
    pen = ImageDraw.Draw(image)
    half = width_px / 2
    for row, text in enumerate(places):
        _write(pen, (margin, margin + row * line), text, font, half - 2 * margin)
    pen.text((half, margin), _plain(f"Heat: {bar.unit}", small), fill=_INK, font=small)
    if bar.ticks:
        long = round(half - 3 * margin)
        colours = Image.open(io.BytesIO(bar.png(long, round(em))))
        image.paste(colours, (round(half), round(margin + line)), colours)
        for tick in bar.ticks:
            x = half + tick.position * long
            pen.line((x, margin + line, x, margin + line + 1.4 * em), fill=_INK, width=max(1, round(em / 12)))
            pen.text((x, margin + line + 1.5 * em), f"{tick.value:g}", fill=_INK, font=small, anchor="ma")
    for row, text in enumerate(notes, start=4):
        _write(pen, (half, margin + row * line), text, small, half - margin)
    return image


def _write(pen: ImageDraw.ImageDraw, at: tuple[float, float], text: str, font: Font, room_px: float) -> None:
    """One line of text, cut where the room ends."""
    shown = text = _plain(text, font)
    while text and pen.textlength(shown, font=font) > room_px:
        text = text[:-1]
        shown = text.rstrip() + "..."
    pen.text(at, shown, fill=_INK, font=font)


def _font(size_px: float) -> Font:
    """A font of the machine that knows accents, or Pillow's own, which does not."""
    for name in _FONTS:
        try:
            return ImageFont.truetype(name, size_px)
        except OSError:
            continue
    return ImageFont.load_default(size_px)


def _plain(text: str, font: Font) -> str:
    """The text on one line, as the font can write it: without accents where it is Pillow's own."""
    text = "".join(c for c in " ".join(text.split()) if c.isprintable())
    if font.getname()[0] != "Aileron":  # type: ignore[union-attr]
        return text
    return "".join(c if c.isascii() else _base(c) for c in text)


def _base(character: str) -> str:
    known = unicodedata.name(character, "").partition(" WITH ")[0]
    try:
        base = unicodedata.lookup(known)
    except KeyError:
        base = character
    base = unicodedata.normalize("NFKD", base)
    return base if base.isascii() else "?"
