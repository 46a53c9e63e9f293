"""The service as its clients see it: what is answered, what is refused, and in which shape."""

from __future__ import annotations

import io
import json
import threading
from typing import Any

import numpy as np
import pytest
from fastapi.testclient import TestClient
from PIL import Image

from geoclip_core.errors import NoEvidenceError, QueryError
from geoclip_core.evidence.metadata import MetadataSource
from geoclip_core.serve.http.app import make_api
from geoclip_core.serve.http.settings import ServiceSettings, serving

KEY = "0123456789abcdef0123"


@pytest.fixture(scope="module")
def client(embedded_locator: Any) -> TestClient:
    return TestClient(make_api(embedded_locator, ServiceSettings(body_mb=0.5)))


def jpeg(**settings: Any) -> bytes:
    stream = io.BytesIO()
    Image.new("RGB", (32, 32)).save(stream, "JPEG", **settings)
    return stream.getvalue()


def from_sydney(**tags: Any) -> bytes:
    exif = Image.Exif()
    exif.get_ifd(0x8825).update({1: "S", 2: (33.8568, 0.0, 0.0), 3: "E", 4: (151.2153, 0.0, 0.0)})
    return jpeg(exif=exif)


def is_problem(reply: Any, status: int, says: str) -> dict[str, Any]:
    assert reply.status_code == status, reply.text
    body = reply.json()
    assert set(body) == {"problem", "allowed", "hint", "photos"}
    assert says in body["problem"]
    return dict(body)


def test_the_versioned_path_and_the_old_one_answer_the_same(client: TestClient) -> None:
    new, old = (client.post(path, data={"text": "Burj Khalifa", "top_k": 2}) for path in ("/v1/locate", "/locate"))
    assert new.json() == old.json()
    assert new.json()["candidates"][0]["country_code"] == "AE"


def test_formats_have_their_media_types(client: TestClient) -> None:
    for form, kind in (
        ("geojson", "application/geo+json"),
        ("csv", "text/csv"),
        ("kml", "application/vnd.google-earth"),
    ):
        assert client.post("/v1/locate", data={"text": "Boston", "form": form}).headers["content-type"].startswith(kind)


def test_a_photo_without_an_answer_still_tells_what_its_file_says(client: TestClient) -> None:
    exif = Image.Exif()
    exif[0x0110] = "Camera X"
    reply = client.post("/v1/locate", files={"photos": ("x.jpg", jpeg(exif=exif), "image/jpeg")})
    body = is_problem(reply, 404, "No evidence")
    assert body["photos"][0]["camera"] == "Camera X"
    assert body["photos"][0]["claims"]


def test_many_photos_are_answered_each_by_itself(client: TestClient) -> None:
    sent = [("photos", (f"{i}.jpg", data, "image/jpeg")) for i, data in enumerate([from_sydney(), jpeg(), b"nothing"])]
    results = client.post("/v1/locate/many", files=sent).json()["results"]
    assert [r["number"] for r in results] == [1, 2, 3]
    assert results[0]["answer"]["candidates"][0]["country_code"] == "AU"
    assert results[0]["problem"] is None
    assert "No evidence" in results[1]["problem"]
    assert results[1]["photos"]
    assert "not an image" in results[2]["problem"]
    alone = client.post("/v1/locate", files={"photos": ("0.jpg", from_sydney(), "image/jpeg")}).json()
    assert results[0]["answer"] == alone
    is_problem(client.post("/v1/locate/many"), 400, "0 photos")
    nowhere = client.post("/v1/locate/many", files=sent, data={"region": "Atlantis"}).json()["results"]
    assert ["Atlantis" in r["problem"] for r in nowhere] == [True] * 3


def test_a_fault_in_one_photo_of_many_is_told_without_details(client: TestClient, monkeypatch: Any) -> None:
    def fail(photo: Any, crops: int = 1) -> Any:
        raise ZeroDivisionError("SECRET")

    monkeypatch.setattr(MetadataSource, "photo", fail)
    reply = client.post("/v1/locate/many", files=[("photos", ("a.jpg", from_sydney(), "image/jpeg"))])
    assert "The service failed" in reply.json()["results"][0]["problem"]
    assert "SECRET" not in reply.text


def test_a_field_is_a_picture_or_a_raster(client: TestClient) -> None:
    window = {"south": 42, "west": -72, "north": 43, "east": -70, "width": 64, "height": 32}
    picture = client.post("/v1/field", data={"text": "Boston", **window})
    alpha = np.asarray(Image.open(io.BytesIO(picture.content)))[..., 1]
    assert alpha.shape == (32, 64)
    assert alpha.max() == 255
    raster = client.post("/v1/field", data={"text": "Boston", "form": "geotiff", **window})
    assert raster.headers["content-type"] == "image/tiff"
    import rasterio

    with rasterio.MemoryFile(raster.content) as file, file.open() as opened:
        assert opened.bounds == (-72, 42, -70, 43)
        assert float(opened.read(1).sum()) == pytest.approx(1.0, abs=1e-4)
    is_problem(client.post("/v1/field", data={"text": "Boston", "south": 42}), 400, "1 edges")


def test_places_of_a_text(client: TestClient) -> None:
    body = client.post("/v1/places", json={"text": "Paris, Texas"}).json()
    assert body["recognised"]
    assert body["places"][0]["name"] == "Paris, Texas, United States"
    assert not client.post("/v1/places", json={"text": "asdf qwerty zxcv"}).json()["recognised"]


def test_vectors_are_those_of_the_library(client: TestClient, embedded_locator: Any) -> None:
    points = [[42.36, -71.06], [48.8584, 2.2945]]
    body = client.post("/v1/embed", json={"points": points}).json()
    np.testing.assert_array_equal(np.float32(body["vectors"]), embedded_locator.encoder(points).detach().numpy())
    is_problem(client.post("/v1/embed", json={"points": [[95, 0]]}), 422, "points.0.0: ")


@pytest.mark.parametrize(
    ("path", "question", "says"),
    [
        ("/v1/locate", {"data": {"text": "Boston", "top_k": "SECRET"}}, "top_k"),
        ("/v1/locate", {"files": {"photos": ("", b"SECRET", "image/jpeg")}}, ""),
        ("/v1/locate", {"data": {"photos": "SECRET"}}, "photos"),
        ("/v1/places", {"content": b'{"text": SECRET}', "headers": {"content-type": "application/json"}}, "JSON"),
        ("/v1/places", {"json": {"text": ["SECRET"]}}, "text"),
    ],
)
def test_what_was_sent_is_not_repeated(client: TestClient, path: str, question: dict[str, Any], says: str) -> None:
    reply = client.post(path, **question)
    assert reply.status_code in (400, 422)
    assert says in reply.json()["problem"]
    assert "SECRET" not in reply.text


def test_a_long_region_is_not_repeated(client: TestClient) -> None:
    reply = client.post("/v1/locate", data={"text": "Boston", "region": "x" * 3000})
    assert len(is_problem(reply, 400, "cannot be read")["problem"]) < 400


def test_unknown_paths_and_methods_have_the_same_shape(client: TestClient) -> None:
    is_problem(client.get("/nothing"), 404, "Not Found")
    reply = client.get("/v1/locate")
    is_problem(reply, 405, "Method Not Allowed")
    assert reply.headers["allow"] == "POST"


def test_too_large_questions_are_refused_whether_they_say_so_or_not(client: TestClient) -> None:
    large = bytes(600_000)
    is_problem(client.post("/v1/locate", files={"photos": ("x.jpg", large)}), 413, "too large")
    parts = (large[i : i + 10_000] for i in range(0, len(large), 10_000))  # chunked, without a length
    is_problem(client.post("/v1/places", content=parts), 413, "too large")


@pytest.mark.parametrize(
    "host", ["evil.example", "127.0.0.1.evil.example", "127.0.0.1@evil.example", "", "[::1", "10.0.0.1"]
)
def test_other_hosts_are_refused(client: TestClient, host: str) -> None:
    is_problem(client.post("/v1/locate", data={"text": "Boston"}, headers={"host": host}), 400, "Host header")
    assert client.get("/health", headers={"host": host}).status_code == 400


@pytest.mark.parametrize("host", ["127.0.0.1:8077", "localhost", "LOCALHOST:1", "[::1]:8077"])
def test_names_of_this_machine_are_answered(client: TestClient, host: str) -> None:
    assert client.get("/health", headers={"host": host}).status_code == 200


def test_pages_of_other_origins_are_refused_unless_asked_for(embedded_locator: Any, client: TestClient) -> None:
    for origin in ("https://evil.example", "null", "http://localhost.evil.example"):
        reply = client.post("/v1/locate", data={"text": "Boston"}, headers={"origin": origin})
        is_problem(reply, 403, "origin")
        assert "access-control-allow-origin" not in reply.headers
    assert client.get("/v1/model", headers={"origin": "http://localhost:3000"}).status_code == 200
    asked = TestClient(make_api(embedded_locator, ServiceSettings(origins=("https://map.example",))))
    reply = asked.get("/v1/model", headers={"origin": "https://map.example"})
    assert reply.headers["access-control-allow-origin"] == "https://map.example"


def test_a_key_is_asked_for_where_one_is_set(embedded_locator: Any) -> None:
    guarded = TestClient(make_api(embedded_locator, ServiceSettings(api_key=KEY)))
    for headers in ({}, {"authorization": "Bearer wrong"}, {"authorization": f"Basic {KEY}"}, {"x-api-key": "é"}):
        is_problem(
            guarded.get("/v1/model", headers={k: v.encode("latin-1") for k, v in headers.items()}), 401, "API key"
        )
    assert guarded.get("/v1/model", headers={"authorization": f"Bearer {KEY}"}).status_code == 200
    assert guarded.get("/v1/model", headers={"x-api-key": KEY}).status_code == 200
    assert guarded.get("/health").status_code == 200
    assert guarded.get("/metrics").status_code == 401
    assert guarded.get("/openapi.json", headers={"x-api-key": KEY}).json()["paths"]["/v1/model"]["get"]["security"]
    assert KEY not in repr(ServiceSettings(api_key=KEY))
    with pytest.raises(QueryError, match="at least 16"):
        ServiceSettings(api_key="short")


def test_settings_of_an_address(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GEOCLIP_API_KEY", KEY)
    made = serving("0.0.0.0", ["Maps.Example"], workers=3, queue=0)
    assert made.hosts == ("127.0.0.1", "localhost", "::1", "maps.example")
    assert (made.workers, made.queue, made.api_key) == (3, 0, KEY)
    with pytest.raises(QueryError, match="seconds is 0"):
        serving("127.0.0.1", seconds=0)


def test_the_docs_page_loads_nothing_from_elsewhere(client: TestClient) -> None:
    page = client.get("/docs")
    assert "default-src 'none'" in page.headers["content-security-policy"]
    assert "<script" not in page.text
    assert "http" not in page.text.split("</style>")[1].replace('<a href="/openapi.json">', "").split("<h2>")[0]
    assert "/v1/locate/many" in page.text


def test_every_operation_documents_its_statuses_with_one_shape(client: TestClient) -> None:
    document = client.get("/openapi.json").json()
    for path, operations in document["paths"].items():
        for operation in operations.values():
            codes = operation["responses"]
            assert {"200", "400", "401", "403", "500"} <= set(codes), path
            if operation.get("requestBody"):
                assert {"404", "408", "413", "422", "429", "504"} <= set(codes)
            for code, reply in codes.items():
                if code != "200":
                    assert reply["content"]["application/json"]["schema"]["$ref"].endswith("/Problem")
    assert "example" in json.dumps(document["components"]["schemas"]["AnswerOut"])


class Slow:
    """A locator that answers when it is told to."""

    name, reason, sources, shown = "slow", "", (), ()

    def __init__(self) -> None:
        self.go = threading.Event()
        self.begun = threading.Semaphore(0)

    def locate(self, *_: Any, **__: Any) -> Any:
        self.begun.release()
        self.go.wait(20)
        raise NoEvidenceError("Nothing")


def test_a_full_queue_says_when_to_ask_again_and_health_answers_all_the_same() -> None:
    slow = Slow()
    client = TestClient(make_api(slow, ServiceSettings(workers=1, queue=1)))  # type: ignore[arg-type]
    codes: list[int] = []
    threads = [
        threading.Thread(target=lambda: codes.append(client.post("/v1/locate", data={"text": "a"}).status_code))
        for _ in range(2)
    ]
    threads[0].start()
    assert slow.begun.acquire(timeout=10)
    threads[1].start()
    while client.get("/v1/model").status_code and not client.app.state.pool.full:  # type: ignore[attr-defined]
        pass
    turned_away = client.post("/v1/locate", data={"text": "a"})
    is_problem(turned_away, 429, "busy")
    assert int(turned_away.headers["retry-after"]) > 0
    assert client.get("/health").status_code == 200
    slow.go.set()
    for thread in threads:
        thread.join()
    assert codes == [404, 404]
    assert client.app.state.pool.open == 0  # type: ignore[attr-defined]


def test_an_answer_that_takes_too_long_is_given_up() -> None:
    slow = Slow()
    client = TestClient(make_api(slow, ServiceSettings(seconds=0.05)))  # type: ignore[arg-type]
    is_problem(client.post("/v1/locate", data={"text": "a"}), 504, "more than 0.05 s")
    slow.go.set()


def test_faults_are_logged_without_their_content(caplog: pytest.LogCaptureFixture) -> None:
    class Broken(Slow):
        def locate(self, *_: Any, **__: Any) -> Any:
            raise ZeroDivisionError("SECRET 48.85 2.29")

    client = TestClient(make_api(Broken()))  # type: ignore[arg-type]
    reply = client.post("/v1/locate", data={"text": "SECRET"})
    is_problem(reply, 500, "failed")
    assert "SECRET" not in reply.text
    assert "ZeroDivisionError in test_service.py" in caplog.text
    assert "SECRET" not in caplog.text


def test_requests_are_counted_by_path_and_status(embedded_locator: Any) -> None:
    client = TestClient(make_api(embedded_locator))
    client.get("/health")
    client.get("/made-up/48.85,2.29")
    client.post("/v1/locate", data={"text": "Boston"})
    told = client.get("/metrics").text
    assert 'geoclip_requests_total{path="/health",status="200"} 1.0' in told
    assert 'geoclip_requests_total{path="other",status="404"} 1.0' in told
    assert 'geoclip_request_seconds_count{path="/v1/locate"} 1.0' in told
    assert "made-up" not in told


def test_a_service_is_ready_once_everything_is_loaded(embedded_locator: Any) -> None:
    api = make_api(embedded_locator)
    is_problem(TestClient(api).get("/ready"), 503, "starting")
    with TestClient(api) as client:
        for _ in range(600):
            if client.get("/ready").status_code == 200:
                break
            threading.Event().wait(0.05)
        assert client.get("/ready").json() == {"ready": True, "open_questions": 0}


def test_a_claim_is_held_against_a_photo(client: TestClient) -> None:
    photo = {"photo": ("a.jpg", from_sydney())}
    near, far = (client.post("/v1/check", files=photo, data={"claim": claim}).json() for claim in ("Sydney", "Oslo"))
    assert (near["verdict"], far["verdict"]) == ("not contradicted", "contradicted")
    assert far["distance_km"] > 10_000
    is_problem(client.post("/v1/check", files=photo, data={"claim": "Nowhereistan"}), 400, "Nowhereistan")
