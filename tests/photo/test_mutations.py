"""Real photos with bytes changed, removed or cut off: an answer or a clear error, and nothing else."""

from __future__ import annotations

import random
from pathlib import Path

import pytest

from geoclip_core.errors import PhotoError
from geoclip_core.photo.decode import open_photo
from geoclip_core.photo.exif import read_exif
from tests.conftest import FUZZ
from tests.photo.containers import KINDS, encoded, exif_block, gps_entries, iptc, packet, with_exif, with_xmp

XMP = packet('exif:GPSLatitude="33,51.408S" exif:GPSLongitude="151,12.918E" photoshop:City="Sydney"')
FRONT = 4000  # bytes in which most of what a file says of itself stands


def mutated(data: bytes, chance: random.Random) -> bytes:
    changed = bytearray(data)
    reach = min(len(changed), FRONT) if chance.random() < 0.8 else len(changed)
    where = chance.randrange(reach)
    match chance.randrange(4):
        case 0:
            del changed[where:]
        case 1:
            del changed[where : where + chance.randrange(1, 40)]
        case 2:
            changed[where:where] = chance.randbytes(chance.randrange(1, 40))
        case 3:
            for _ in range(chance.choice([1, 5, 20])):
                changed[chance.randrange(reach)] = chance.choice([0, 1, 127, 128, 255, chance.randrange(256)])
    return bytes(changed)


def survive(seeds: list[bytes], rounds: int, seed: int) -> int:
    """How many of the changed files were answered."""
    chance = random.Random(seed)
    answered = 0
    for number in range(rounds):
        data = mutated(seeds[number % len(seeds)], chance)
        try:
            photo = open_photo(data, pixels_needed=False)
        except PhotoError:
            continue
        record = read_exif(photo)
        assert photo.pixels is None or photo.pixels.mode == "RGB"
        assert all(abs(lat) <= 90 and -180 <= lon < 180 for c in record.positions for lat, lon in c.points)
        assert all(problem.endswith((".", "!", "?")) for problem in record.problems)
        answered += 1
    return answered


def made() -> list[bytes]:
    block = exif_block(gps_entries(-33.8568, 151.2153), inside_exif=True)
    files = [with_exif(kind, block) for kind in KINDS] + [with_xmp(kind, XMP) for kind in KINDS]
    files += [encoded(exif=b"Exif\0\0" + block, xmp=XMP), iptc({(2, 90): b"Sydney", (2, 101): b"Australia"})]
    return [*files, block + b"\0" * 100 + encoded()]


@pytest.mark.slow
def test_changed_files_end_in_an_answer_or_a_clear_error() -> None:
    assert 100 * FUZZ < survive(made(), 400 * FUZZ, seed=3) < 400 * FUZZ


@pytest.mark.slow
def test_two_thousand_changes_of_real_photos(shared_data: Path) -> None:
    photos = sorted((shared_data / "exif" / "photos").iterdir(), key=lambda path: path.stat().st_size)
    assert survive([path.read_bytes() for path in photos[:20]] + made(), 2000 * FUZZ, seed=4) > 500 * FUZZ
