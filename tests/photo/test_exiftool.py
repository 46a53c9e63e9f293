"""What this package reads in photo files against what exiftool 13.59 read in the same ones (``exiftool_files.py``)."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from geoclip_core.photo.decode import Photo
from geoclip_core.photo.exif import read_exif
from geoclip_core.photo.metadata.blocks import find_blocks
from tests.photo.exiftool_files import RECORDED, files

VALUES: dict[str, dict[str, dict[str, Any]]] = json.loads(RECORDED.read_text(encoding="utf-8"))


def agrees(data: bytes, said: dict[str, Any]) -> None:
    record = read_exif(Photo(None, "unreadable", (), find_blocks(data)))  # nobody asks for the pixels
    if said["latitude"] is not None:
        assert record.latlon == pytest.approx((said["latitude"], said["longitude"]), abs=2e-6)
    for ours, theirs in ((record.altitude_m, said["altitude"]), (record.heading_deg, said["heading"])):
        if theirs is not None:
            assert ours == pytest.approx(float(theirs) % 360 if theirs is said["heading"] else theirs, abs=0.01)
    if said["taken"] is not None:
        assert record.taken_at is not None
        assert record.taken_at.strftime("%Y:%m:%d %H:%M:%S") == said["taken"][:19]
    if said["model"] is not None:
        assert str(said["model"]).strip() in (record.camera or "")
    if said["city"] is not None:
        assert said["city"] in (record.place or "")


def test_files_made_here_are_read_as_exiftool_reads_them() -> None:
    made = files()
    assert set(made) == set(VALUES["made"])
    for name, data in made.items():
        assert any(value is not None for value in VALUES["made"][name].values()), name
        agrees(data, VALUES["made"][name])


def test_photos_of_many_cameras_are_read_as_exiftool_reads_them(shared_data: Path) -> None:
    folder = shared_data / "exif" / "photos"
    if not folder.is_dir():
        pytest.skip("the photos of cameras are not on this machine")
    assert len(VALUES["photos"]) >= 20
    for name, said in VALUES["photos"].items():
        agrees((folder / name).read_bytes(), said)
