"""Files that are two things at once, and folders of thousands of tiny ones: read as photos, never as anything else."""

from __future__ import annotations

import io
import tracemalloc
import zipfile
from collections import Counter
from pathlib import Path

import pyarrow.parquet as pq
import pytest
from PIL import Image

from geoclip_core.errors import NoEvidenceError, PhotoError
from geoclip_core.locate.locator import Locator
from geoclip_core.photo.decode import open_photo
from geoclip_core.photo.exif import read_exif
from geoclip_core.serve.batch import locate_batch
from geoclip_core.serve.photo_list import list_photos
from tests.photo.containers import encoded, exif_block, gps_entries, with_png_chunk, with_segment

SYDNEY, PARIS = (-33.8568, 151.2153), (48.8584, 2.2945)
SCRIPT = b"<script>alert(document.domain)</script>"


def placed(kind: str, latlon: tuple[float, float], colour: tuple[int, int, int] = (20, 60, 20)) -> bytes:
    """A photo whose file states a position."""
    return encoded(kind, Image.new("RGB", (64, 48), colour), exif=b"Exif\0\0" + exif_block(gps_entries(*latlon)))


def archive(name: str, content: bytes) -> bytes:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as packed:
        packed.writestr(name, content)
    return stream.getvalue()


OTHERS = {
    "another photo": placed("JPEG", PARIS, (200, 0, 0)),
    "an archive with another photo": archive("paris.jpg", placed("JPEG", PARIS)),
    "a page": b"<html><body>" + SCRIPT + b"</body></html>",
    "a program": b"<?php system('id'); ?>",
    "a PDF file": b"%PDF-1.4\n1 0 obj<</Type/Catalog/OpenAction<</S/JavaScript/JS(app.alert(1))>>>>endobj\n%%EOF",
    "a packet of metadata": b"<x:xmpmeta xmlns:x='adobe:ns:meta/'>Paris</x:xmpmeta>",
}


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP"])
@pytest.mark.parametrize("other", OTHERS)
def test_what_follows_a_photo_is_not_looked_at(kind: str, other: str) -> None:
    data = placed(kind, SYDNEY)
    whole, both = open_photo(data), open_photo(data + OTHERS[other])
    assert both.image.tobytes() == whole.image.tobytes()
    found = [point for position in read_exif(both).positions for point in position.points]
    assert found == [point for position in read_exif(whole).positions for point in position.points]
    assert found == [pytest.approx(SYDNEY, abs=1e-4)]


@pytest.mark.parametrize(
    "data",
    [
        with_segment(placed("JPEG", SYDNEY), 0xFE, b"*/=1;alert(1);/*" + SCRIPT),  # a comment that a browser could run
        with_png_chunk(placed("PNG", SYDNEY), b"tEXt", b"Comment\0" + SCRIPT),
        with_png_chunk(placed("PNG", SYDNEY), b"ruSt", archive("paris.jpg", placed("JPEG", PARIS))),
        with_segment(placed("JPEG", SYDNEY), 0xEF, placed("JPEG", PARIS, (200, 0, 0))),  # a photo in a photo's segment
    ],
    ids=["comment of a JPEG file", "text of a PNG file", "chunk of no known kind", "a photo inside"],
)
def test_what_stands_inside_a_photo_changes_neither_its_pixels_nor_its_place(data: bytes) -> None:
    photo = open_photo(data)
    assert photo.size == (64, 48)
    assert max(photo.image.getpixel((30, 20))) < 100  # type: ignore[arg-type]
    assert [p for position in read_exif(photo).positions for p in position.points] == [pytest.approx(SYDNEY, abs=1e-4)]


@pytest.mark.parametrize(
    "data",
    [
        b"%PDF-1.4\n" + placed("JPEG", PARIS) + b"\n%%EOF",
        b"<svg xmlns='http://www.w3.org/2000/svg'>" + SCRIPT + b"</svg>",
        b"<html>" + placed("JPEG", PARIS),
        archive("paris.jpg", placed("JPEG", PARIS)),
        b"MZ" + bytes(58) + placed("PNG", PARIS),
        b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\n(x) run\n",
        b"GIF89a/*" + SCRIPT + b"*/=1",
    ],
    ids=["PDF", "SVG", "page", "archive", "program", "PostScript", "script that begins as a GIF file"],
)
def test_a_photo_behind_something_else_is_no_photo(data: bytes) -> None:
    with pytest.raises(PhotoError) as told:
        open_photo(data)
    assert "script" not in str(told.value)


@pytest.mark.slow
def test_thousands_of_tiny_files_cost_a_row_each(embedded_locator: Locator, tmp_path: Path) -> None:
    folder = tmp_path / "photos"
    folder.mkdir()
    kinds = [
        b"",
        b"\xff",
        b"\xff\xd8\xff\xe0",
        b"\x89PNG\r\n\x1a\n",
        b"GIF89a",
        b"II*\0",
        b"RIFF\4\0\0\0WEBP",
        b"hello",
    ]
    smallest = encoded("PNG", Image.new("1", (1, 1)))
    for number in range(3000):
        content = kinds[number % len(kinds)]
        content = {500: placed("JPEG", SYDNEY), 250: smallest}.get(number % 1000, content)
        (folder / f"{number:04d}.jpg").write_bytes(content)
    with pytest.raises(NoEvidenceError):
        embedded_locator.locate(smallest)  # what is loaded for these two is no matter of the other files
    embedded_locator.locate(placed("JPEG", SYDNEY))
    tracemalloc.start()
    counts = locate_batch(embedded_locator, list_photos([str(folder)]), tmp_path / "out.parquet", top_k=1)
    grown = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    rows = pq.read_table(tmp_path / "out.parquet", columns=["photo", "status", "problem"]).to_pylist()
    assert [Path(row["photo"]).name for row in rows] == sorted(path.name for path in folder.iterdir())
    assert Counter(row["status"] for row in rows) == counts
    assert [n for n, row in enumerate(rows) if row["status"] == "answered"] == [500, 1500, 2500]
    assert all(row["problem"] for row in rows if row["status"] != "answered")
    assert [n for n, row in enumerate(rows) if row["status"] == "no_evidence"] == [250, 1250, 2250]
    assert grown < 50e6
