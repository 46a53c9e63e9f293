"""The page without a browser, and photos to show it."""

from __future__ import annotations

import functools
import io
from collections.abc import Iterator
from typing import Any

import pytest
from PIL import ExifTags, Image, ImageDraw, ImageOps
from streamlit.components.v2 import manifest_scanner
from streamlit.testing.v1 import AppTest

from geoclip_core.page.map import map_files
from tests.page.steps import opened


@pytest.fixture(scope="session", autouse=True)
def packages_read_once() -> Iterator[None]:
    """Streamlit reads what all installed packages say of themselves at each start, more than a second long."""
    with pytest.MonkeyPatch.context() as patch:
        once = functools.cache(manifest_scanner.scan_component_manifests)
        patch.setattr(manifest_scanner, "scan_component_manifests", once)
        yield


@pytest.fixture
def page(monkeypatch: pytest.MonkeyPatch) -> AppTest:
    """The page without a browser, for what it says and does."""
    monkeypatch.setenv("GEOCLIP_TILES", "off")
    map_files.tiles_now.clear()
    return opened().run()


def jpeg(image: Image.Image, **options: Any) -> bytes:
    stream = io.BytesIO()
    image.save(stream, format="JPEG", **options)
    return stream.getvalue()


def position_exif(latlon: tuple[float, float]) -> Image.Exif:
    """What a phone writes of its position, to a hundredth of a second of arc."""
    exif = Image.Exif()
    gps = exif.get_ifd(ExifTags.IFD.GPSInfo)
    tags = (ExifTags.GPS.GPSLatitude, ExifTags.GPS.GPSLongitude)
    for tag, reference, degrees, signs in zip(tags, (1, 3), latlon, ("NS", "EW"), strict=True):
        whole, rest = divmod(abs(degrees) * 60, 60)
        gps[tag] = (whole, float(int(rest)), round(rest % 1 * 60, 2))
        gps[reference] = signs[degrees < 0]
    return exif


@pytest.fixture(scope="session")
def grey_photo() -> bytes:
    """A photo whose file says nothing."""
    return jpeg(Image.new("RGB", (64, 48), (120, 130, 140)))


@pytest.fixture(scope="session")
def located_photo() -> bytes:
    """A drawn sunset whose file says that it was taken on the Opera House's forecourt in Sydney."""
    image = Image.linear_gradient("L").resize((640, 480))
    image = ImageOps.colorize(image, (52, 40, 92), (250, 190, 110), mid=(214, 92, 88))
    ImageDraw.Draw(image).ellipse((270, 250, 370, 350), fill=(255, 236, 170))
    ImageDraw.Draw(image).rectangle((0, 380, 640, 480), fill=(36, 48, 86))
    exif = position_exif((-33.8584, 151.215))
    exif[ExifTags.Base.Make], exif[ExifTags.Base.Model] = "Drawn", "by a test"
    exif[ExifTags.Base.DateTime] = "2024:03:09 18:41:00"
    return jpeg(image, exif=exif)
