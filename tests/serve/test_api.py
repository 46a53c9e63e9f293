from __future__ import annotations

import io

import pytest
from fastapi.testclient import TestClient
from PIL import Image

from geoclip_core.serve.api import make_api


@pytest.fixture(scope="module")
def client(embedded_locator):
    return TestClient(make_api(embedded_locator))


def jpeg(**settings) -> bytes:
    stream = io.BytesIO()
    Image.new("RGB", (32, 32)).save(stream, "JPEG", **settings)
    return stream.getvalue()


def test_health_names_the_model(client):
    assert client.get("/health").json()["model"] == "embedded"


def test_a_text_is_located(client):
    body = client.post("/locate", data={"text": "Burj Khalifa", "top_k": 2}).json()
    assert body["candidates"][0]["country_code"] == "AE"
    collection = client.post("/locate", data={"text": "Burj Khalifa", "form": "geojson"}).json()
    assert collection["type"] == "FeatureCollection"


def test_a_photo_is_located_from_its_exif(client):
    exif = Image.Exif()
    exif.get_ifd(0x8825).update({1: "S", 2: (33.8568, 0.0, 0.0), 3: "E", 4: (151.2153, 0.0, 0.0)})
    sent = {"photos": ("x.jpg", jpeg(exif=exif), "image/jpeg")}
    body = client.post("/locate", files=sent).json()
    assert body["candidates"][0]["country_code"] == "AU"


@pytest.mark.parametrize(
    ("question", "status", "says"),
    [
        ({"data": {"text": "asdf qwerty zxcv"}}, 404, "No place recognised"),
        ({"files": {"photos": ("x.jpg", jpeg(), "image/jpeg")}}, 404, "No evidence"),
        ({"files": {"photos": ("x.jpg", b"not a photo", "image/jpeg")}}, 400, "not an image"),
        ({"data": {"text": " "}}, 400, "empty"),
        ({"data": {"text": "Boston", "region": "Atlantis"}}, 400, "Atlantis"),
        ({}, 400, "Neither"),
    ],
)
def test_what_cannot_be_answered_says_why(client, question, status, says):
    reply = client.post("/locate", **question)
    assert reply.status_code == status, reply.text
    assert says in reply.json()["problem"]
