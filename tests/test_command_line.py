"""The command line as a person runs it: what it prints, and its exit codes."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
import pytest
from PIL import Image
from typer.testing import CliRunner, Result

from geoclip_core.__main__ import app
from geoclip_core.errors import MissingDependencyError
from geoclip_core.files import cache_folder
from tests import processes
from tests.photo_files import placed_photo

ROOT = Path(__file__).resolve().parents[1]


@pytest.fixture(autouse=True)
def _no_clip_and_no_litter(tmp_path, monkeypatch):
    """No CLIP is named, and relative paths lead into an empty folder."""
    monkeypatch.setenv("GEOCLIP_CLIP", "")
    monkeypatch.chdir(tmp_path)


def run(*arguments: str | Path) -> Result:
    """In this process, which is faster; a failure that is no clear error is raised here."""
    return CliRunner().invoke(app, [*map(str, arguments)], catch_exceptions=False)


@pytest.mark.slow
def test_the_module_runs_in_a_process_of_its_own(tmp_path):
    command = ["-m", "geoclip_core", "locate", "--model", "embedded", "--text"]
    done = subprocess.run([sys.executable, *command, "Pyramids of Giza"], capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stderr
    assert "Egypt" in done.stdout
    assert "Traceback" not in done.stderr
    assert processes.run([*command, "asdf qwerty zxcv"], tmp_path / "said") == 1
    said = (tmp_path / "said").read_text()
    assert "No place recognised" in said
    assert "Traceback" not in said


def test_locate_prints_places():
    done = run("locate", "--text", "Pyramids of Giza", "--model", "embedded")
    assert done.exit_code == 0, done.stderr
    first = next(line for line in done.stdout.splitlines() if line.startswith(" 1."))
    assert "Egypt" in first
    assert done.stdout.startswith("embedded:")


def test_locate_as_json_with_a_geotiff(tmp_path):
    raster = tmp_path / "world.tif"
    done = run("locate", "--text", "Boston", "--model", "embedded", "--json", "--region", "US", "--geotiff", raster)
    assert done.exit_code == 0, done.stderr
    answer = json.loads(done.stdout)
    assert answer["model"] == "embedded"
    assert answer["region"] == "United States"
    assert answer["candidates"][0]["country_code"] == "US"
    assert raster.stat().st_size > 1000


@pytest.mark.parametrize(
    ("arguments", "code", "says"),
    [
        (("locate", "--text", "asdf qwerty zxcv", "--model", "embedded"), 1, "No place recognised"),
        (("locate", "missing.jpg", "--model", "embedded"), 1, "There is no file"),
        (("locate", "--model", "embedded"), 2, "Neither a photo nor a text"),
        (("locate", "--text", "Boston", "--region", "Atlantis", "--model", "embedded"), 2, "Atlantis"),
        (("locate", "--top-k", "many"), 2, "top-k"),
        (("locate", "--text", "x", "--model", "gpt"), 1, "no model called"),
        (("embed", "missing.csv", "--out", "x.npy"), 1, "missing.csv"),
        (("batch", "missing", "--out", "x.parquet"), 2, "missing"),
        (("locate", "--text", "Oslo", "--model", "embedded", "--merge-km", "-1"), 2, "merge_km is -1"),
        (("locate", "--text", "Oslo", "--model", "embedded", "--without", "sings"), 2, "called 'sings'"),
        (("locate", "--text", "Oslo", "--model", "embedded", "--out", "oslo.txt"), 2, "names no known format"),
        (("locate", "--text", "Oslo", "--device", "tpu9"), 1, "'tpu9' is not on this machine"),
    ],
)
def test_what_cannot_be_answered_says_why(arguments, code, says):
    done = run(*arguments)
    assert done.exit_code == code, done.stderr
    assert says in done.stderr
    assert list(Path.cwd().iterdir()) == []


def test_check_tells_how_a_claim_stands_in_words_and_as_json(tmp_path):
    photo = tmp_path / "photo.jpg"
    photo.write_bytes(placed_photo((45.76, 4.84)))  # its file says Lyon
    asked = ["check", photo, "--model", "embedded"]
    done = run(*asked, "--claim", "Kyiv")
    assert done.exit_code == 0, done.stderr
    assert "contradicts" in done.stdout
    assert "confirm" not in done.stdout
    found = json.loads(run(*asked, "--claim", "France", "--json").stdout)
    assert (found["verdict"], found["inside"]) == ("not contradicted", 0.5)
    for more, code, says in ((["--claim", "qwrtz asdf"], 2, "qwrtz asdf"), ([], 1, "No evidence in this photo")):
        done = run(*asked, *more)  # without a claim what its own file states would speak for itself
        assert done.exit_code == code
        assert says in done.stderr


def test_missing_weights_list_where_was_looked(tmp_path, monkeypatch):
    monkeypatch.setenv("GEOCLIP_CACHE", str(cache_folder()))
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_CACHE", str(tmp_path))
    done = run("weights", "where")
    assert done.exit_code == 1
    for words in ("Looked in", "weights fetch", "GEOCLIP_CLIP", "embedded"):
        assert words in done.stderr


def test_weights_list():
    done = run("weights", "list")
    assert done.exit_code == 0
    for words in ("geoclip:", "embedded:", "MIT", "94b80ae3af89fca7", "50.65"):
        assert words in done.stdout


def test_embed_keeps_the_order_of_rows(tmp_path):
    table = tmp_path / "points.csv"
    table.write_text("name,lat,lon\nGiza,29.979,31.134\nBoston,42.36,-71.06\n")
    done = run("embed", table, "--out", tmp_path / "emb.npy")
    assert done.exit_code == 0, done.stderr
    vectors = np.load(tmp_path / "emb.npy")
    assert vectors.shape == (2, 512)
    assert vectors.dtype == np.float32

    from geoclip_core import LocationEncoder

    expected = LocationEncoder.from_pretrained()([[29.979, 31.134], [42.36, -71.06]]).numpy()
    np.testing.assert_allclose(vectors, expected, atol=1e-5)


@pytest.mark.parametrize(
    ("content", "says"),
    [
        ("a,b\n1,2\n", "columns"),
        ("lat,lon\n", "no rows"),
        ("lat,lon\n1,x\n", "line 2"),
        ("lat,lon\n120,10\n", "swapped"),
        ("lat,lon\n120,200\n", "not a point on Earth"),
    ],
)
def test_embed_refuses_bad_tables(tmp_path, content, says):
    table = tmp_path / "points.csv"
    table.write_text(content)
    done = run("embed", table, "--out", tmp_path / "emb.npy")
    assert done.exit_code == 1
    assert says in done.stderr
    assert sorted(p.name for p in tmp_path.iterdir()) == ["points.csv"]


def test_batch_lists_answers_and_failures(tmp_path):
    photos = tmp_path / "photos"
    photos.mkdir()
    plain = Image.new("RGB", (64, 48), (20, 60, 20))
    plain.save(photos / "a_blank.jpg")
    exif = Image.Exif()
    exif.get_ifd(0x8825).update({1: "N", 2: (29.979, 0.0, 0.0), 3: "E", 4: (31.134, 0.0, 0.0)})
    plain.save(photos / "b_giza.jpg", exif=exif)
    (photos / "c_broken.jpg").write_bytes(b"\xff\xd8 not a photo")
    out = tmp_path / "places.parquet"
    done = run("batch", photos, "--out", out, "--model", "embedded", "--top-k", "1")
    assert done.exit_code == 0, done.stderr
    assert "1 answered, 1 no evidence, 1 failed" in done.stdout
    rows = pq.read_table(out).to_pylist()
    assert [Path(row["photo"]).name for row in rows] == ["a_blank.jpg", "b_giza.jpg", "c_broken.jpg"]
    assert rows[1]["country_code"] == "EG"
    assert rows[0]["problem"].startswith("No evidence")
    assert [p.name for p in tmp_path.iterdir() if p.name.startswith(".")] == []
    assert [row["status"] for row in rows] == ["no_evidence", "answered", "failed"]


def test_places_are_written_to_a_file_of_the_format_that_its_name_says(tmp_path):
    done = run("locate", "--text", "Burj Khalifa", "--model", "embedded", "--out", tmp_path / "places.kml")
    assert done.exit_code == 0, done.stderr
    assert "Burj Khalifa" in (tmp_path / "places.kml").read_text(encoding="utf-8")


def test_embed_on_a_device_that_is_not_here_says_so(tmp_path):
    table = tmp_path / "points.csv"
    table.write_text("lat,lon\n1,2\n", encoding="utf-8")
    done = run("embed", table, "--out", tmp_path / "emb.npy", "--device", "tpu9")
    assert done.exit_code == 1
    assert "'tpu9' is not on this machine" in done.stderr
    assert "auto, cpu, cuda, mps" in done.stderr
    assert not (tmp_path / "emb.npy").exists()


def test_fetching_without_a_network_says_what_to_do(tmp_path, monkeypatch):
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_CACHE", str(tmp_path / "hub"))
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_OFFLINE", True)
    done = run("weights", "fetch")
    assert done.exit_code == 1
    for words in ("could not be fetched", "GEOCLIP_CLIP", "embedded"):
        assert words in done.stderr


def test_the_page_without_streamlit_says_how_to_get_it(monkeypatch):
    def missing(arguments):
        raise MissingDependencyError("The page needs streamlit", hint="pip install 'geoclip-core[app]'")

    monkeypatch.setattr("geoclip_core.page.launch.run", missing)
    done = run("app", "--demo")
    assert done.exit_code == 1
    assert "geoclip-core[app]" in done.stderr


@pytest.mark.slow
def test_the_service_answers_until_it_is_stopped(tmp_path):
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    command = ["-m", "geoclip_core", "serve", "--model", "embedded", "--port", str(port)]
    server = processes.start(command, tmp_path / "said")
    try:
        end = time.monotonic() + 120
        while True:
            try:
                with urllib.request.urlopen(f"http://127.0.0.1:{port}/health", timeout=5) as reply:
                    assert json.load(reply)["model"] == "embedded"
                break
            except (urllib.error.URLError, OSError):
                assert time.monotonic() < end, "the service did not answer"
                assert server.is_alive(), "the service has ended"
                time.sleep(0.2)
    finally:
        os.kill(server.pid, signal.SIGINT)
        server.join(30)
        assert server.exitcode in (0, -signal.SIGINT, 130)
