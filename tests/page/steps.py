"""What a visitor does on the page and sees of it, without a browser."""

from __future__ import annotations

import io
import json
import re
from typing import Any

from PIL import Image
from streamlit.testing.v1 import AppTest

from geoclip_core.page.launch import SCRIPT

PATIENCE_S = 300  # the first visit may build the caches


def opened() -> AppTest:
    """The page of a new visitor, not yet run."""
    return AppTest.from_file(str(SCRIPT), default_timeout=PATIENCE_S)


def upload(page: AppTest, *photos: bytes) -> AppTest:
    files = [(f"photo {number}.jpg", data, "image/jpeg") for number, data in enumerate(photos)]
    return page.file_uploader[0].set_value(files).run()


def ask(page: AppTest, text: str) -> AppTest:
    page.text_input(key="text").set_value(text).run()
    assert not page.exception
    return page


def map_args(page: AppTest) -> dict[str, Any]:
    (component,) = page.get("component_instance")
    args: dict[str, Any] = json.loads(component.proto.json_args)
    return args


def drawn(page: AppTest) -> dict[str, Any]:
    """What the map is told to draw."""
    found = re.search(r"drawAnswer\(feature_group_feature_group_0, (\{.*\})\);", map_args(page)["feature_group"])
    assert found
    data: dict[str, Any] = json.loads(found[1])
    return data


def said(page: AppTest) -> str:
    """Everything that the page writes, as Markdown."""
    kinds = ("markdown", "caption", "subheader", "title", "info", "error", "warning", "text", "code")
    return "\n".join(str(element.value) for kind in kinds for element in page.get(kind))


def read(markdown: str) -> str:
    """What a reader sees of backslash escapes, the joiner being invisible."""
    return re.sub(r"\\([!-/:-@\[-`{-~])", r"\1", markdown).replace("\u2060", "")


def picture(mode: str = "RGB", size: tuple[int, int] = (40, 30), kind: str = "PNG", **options: Any) -> bytes:
    stream = io.BytesIO()
    Image.new(mode, size).save(stream, format=kind, **options)
    return stream.getvalue()
