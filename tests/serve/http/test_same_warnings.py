"""What makes an answer doubtful is said in the same words wherever the answer goes."""

from __future__ import annotations

import csv
import io
import json
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pyarrow.parquet as pq
import pytest
from fastapi.testclient import TestClient
from PIL import Image

from geoclip_core.export.formats import save
from geoclip_core.export.parquet import answer_rows, write_table
from geoclip_core.serve.http.app import make_api
from geoclip_core.serve.http.settings import ServiceSettings
from tests.photo.containers import encoded, exif_block, gps_entries

EIFFEL, HARBOUR = (48.8584, 2.2945), (-33.8568, 151.2153)


def photo_at(latlon: tuple[float, float], *, letters: bool = True) -> bytes:
    """A photo that states its position, with or without the letters of the hemispheres."""
    entries = [entry for entry in gps_entries(*latlon) if letters or entry[0] in (2, 4)]
    picture = Image.new("RGB", (64, 48), (90, 60, 20))
    return encoded(image=picture, exif=b"Exif\0\0" + exif_block(entries))


QUESTIONS: dict[str, tuple[dict[str, Any], str]] = {
    "conflicting": ({"photo": photo_at(EIFFEL), "text": "Sydney Opera House"}, "speak of different places"),
    "restricted": ({"text": "48.8584, 2.2945", "region": "DE"}, "Germany held < 0.01 % of the probability"),
    "doubtful": ({"photo": photo_at(HARBOUR, letters=False)}, "which hemisphere"),
}


@pytest.fixture(scope="module")
def client(embedded_locator: Any) -> TestClient:
    return TestClient(make_api(embedded_locator, ServiceSettings()))


def asked_over_http(client: TestClient, question: dict[str, Any], form: str) -> bytes:
    files = {"photos": ("a.jpg", question["photo"], "image/jpeg")} if "photo" in question else None
    data: dict[str, str] = {name: question[name] for name in question if name != "photo"}
    reply = client.post("/v1/locate", data={**data, "form": form}, files=files)
    assert reply.status_code == 200, reply.text
    return bytes(reply.content)


def warnings_of_kml(data: bytes) -> str:
    return ElementTree.fromstring(data).findtext(".//{*}Document/{*}description") or ""


@pytest.mark.parametrize("kind", QUESTIONS)
def test_every_format_has_the_same_warnings(
    kind: str, embedded_locator: Any, client: TestClient, tmp_path: Path
) -> None:
    question, says = QUESTIONS[kind]
    answer = embedded_locator.locate(**question)
    expected = list(answer.warnings)
    assert any(says in warning for warning in expected), expected
    files = {"json": json.dumps(answer.to_dict()).encode()}
    for name in ("json", "geojson", "csv", "kml"):
        if name != "json":
            save(answer, tmp_path / f"a.{name}")
            files[name] = (tmp_path / f"a.{name}").read_bytes()
        files[f"{name} over HTTP"] = asked_over_http(client, question, name)
    for name, data in files.items():
        if "json" in name:
            assert json.loads(data)["warnings"] == expected, name
        elif "csv" in name:
            rows = list(csv.DictReader(io.StringIO(data.decode("utf-8-sig"), newline="")))
            assert {row["warnings"] for row in rows} == {" ".join(expected)}, name
        else:
            assert all(warning in warnings_of_kml(data) for warning in expected), name
    write_table(answer_rows("a.jpg", answer), tmp_path / "a.parquet")
    assert set(pq.read_table(tmp_path / "a.parquet")["warnings"].to_pylist()) == {" ".join(expected)}
