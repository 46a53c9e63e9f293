"""Photo files that exiftool and this package have both read; run, it records what exiftool says of them.

    python -m tests.photo.exiftool_files PATH/TO/exiftool [FOLDER]

writes ``exiftool.json`` beside this file. FOLDER holds further photos, such as those of cameras; of those that are not
given here what was recorded before is kept.
"""

from __future__ import annotations

import json
import struct
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

import pillow_heif
from PIL import ExifTags, Image

from tests.photo.containers import (
    KINDS,
    encoded,
    exif_block,
    gps_entries,
    iptc,
    packet,
    with_exif,
    with_segment,
    with_xmp,
)

pillow_heif.register_heif_opener()  # for HEIF files

RECORDED = Path(__file__).with_name("exiftool.json")
SUFFIXES = {"JPEG": "jpg", "PNG": "png", "WEBP": "webp", "HEIF": "heic", "AVIF": "avif", "TIFF": "tif"}
LIMA, TOKYO = (-12.0464, -77.0428), (35.6586, 139.7454)


def rational(*values: float) -> bytes:
    """EXIF's numbers, to a ten-thousandth."""
    return b"".join(struct.pack("<II", round(value * 10_000), 10_000) for value in values)


def taken_in_lima() -> bytes:
    """A JPEG file with times, a camera, height below the sea and a heading."""
    exif = Image.Exif()
    exif[ExifTags.Base.Make], exif[ExifTags.Base.Model] = "Maker", "Model 7"
    exif[ExifTags.Base.DateTime] = "2024:01:02 03:04:05"
    inner, gps = exif.get_ifd(ExifTags.IFD.Exif), exif.get_ifd(ExifTags.IFD.GPSInfo)
    inner[ExifTags.Base.DateTimeOriginal], inner[ExifTags.Base.OffsetTimeOriginal] = "2023:05:06 07:08:09", "-05:00"
    gps.update({1: "S", 2: (12.0, 2.0, 47.04), 3: "W", 4: (77.0, 2.0, 34.08), 5: b"\1", 6: 12.5, 16: "T", 17: 271.25})
    return encoded(exif=exif)


def files() -> dict[str, bytes]:
    """Name and bytes of every file."""
    minutes = packet('exif:GPSLatitude="35,39.516N" exif:GPSLongitude="139,44.724E"')
    decimal = packet('exif:GPSLatitude="-12.0464" exif:GPSLongitude="-77.0428"')
    seconds = packet(
        elements="<exif:GPSLatitude>12,2,47.04S</exif:GPSLatitude><exif:GPSLongitude>77,2,34.08W</exif:GPSLongitude>"
    )
    height = [*gps_entries(*TOKYO), (5, 2, 2, b"1\0"), (6, 5, 1, rational(40.0))]
    heading = [*gps_entries(*TOKYO), (16, 2, 2, b"M\0"), (17, 5, 1, rational(12.5))]
    made = {f"exif.{SUFFIXES[kind]}": with_exif(kind, exif_block(gps_entries(*LIMA))) for kind in KINDS}
    made |= {f"xmp.{SUFFIXES[kind]}": with_xmp(kind, minutes) for kind in KINDS}
    made["xmp_decimal.jpg"], made["xmp_seconds.jpg"] = with_xmp("JPEG", decimal), with_xmp("JPEG", seconds)
    made["inside_exif.jpg"] = with_exif("JPEG", exif_block(gps_entries(*TOKYO), inside_exif=True))
    made["height_as_text.jpg"] = with_exif("JPEG", exif_block(height))
    made["heading.jpg"] = with_exif("JPEG", exif_block(heading))
    made["second_block.jpg"] = with_segment(
        encoded(exif=b"Exif\0\0" + exif_block([])), 0xE1, b"Exif\0\0" + exif_block(gps_entries(*TOKYO))
    )
    made["dji.jpg"] = with_xmp("JPEG", packet('drone-dji:GpsLatitude="-12.0464" drone-dji:GpsLongitude="-77.0428"'))
    made["panorama.jpg"] = with_xmp("JPEG", packet('GPano:PoseHeadingDegrees="200.5"'))
    made["times.jpg"] = taken_in_lima()
    made["created.jpg"] = with_xmp("JPEG", packet('xmp:CreateDate="2022-03-04T05:06:07"'))
    made["iptc.jpg"] = iptc({(1, 90): b"\x1b%G", (2, 90): "Côte".encode(), (2, 101): b"France"})
    return made


def _first(said: dict[str, Any], *names: str) -> Any:
    found = (said[name] for name in names if said.get(name) not in (None, ""))
    return next(found, None)


def values(said: dict[str, Any]) -> dict[str, Any]:
    """What is compared, out of the tags that exiftool prints."""
    return {
        "latitude": _first(said, "Composite:GPSLatitude", "XMP:GPSLatitude"),
        "longitude": _first(said, "Composite:GPSLongitude", "XMP:GPSLongitude"),
        "altitude": _first(said, "Composite:GPSAltitude"),
        "heading": _first(said, "EXIF:GPSImgDirection", "XMP:PoseHeadingDegrees"),
        "taken": _first(said, "EXIF:DateTimeOriginal", "EXIF:CreateDate", "XMP:CreateDate"),
        "model": _first(said, "EXIF:Model", "XMP:Model"),
        "city": _first(said, "IPTC:City"),
    }


def record(exiftool: str, paths: list[Path]) -> dict[str, Any]:
    """What exiftool says of some files, by their names."""
    run = subprocess.run([exiftool, "-j", "-n", "-G", *map(str, paths)], capture_output=True, check=False)
    return {Path(said["SourceFile"]).name: values(said) for said in json.loads(run.stdout)}


def main(exiftool: str, folder: str | None = None) -> None:
    """Record the files made here, and those of a folder."""
    kept = json.loads(RECORDED.read_text(encoding="utf-8")) if RECORDED.is_file() else {}
    with tempfile.TemporaryDirectory() as made:
        for name, data in files().items():
            Path(made, name).write_bytes(data)
        kept["made"] = record(exiftool, sorted(Path(made).iterdir()))
    if folder:
        kept["photos"] = record(exiftool, sorted(path for path in Path(folder).iterdir() if path.is_file()))
    RECORDED.write_text(json.dumps(kept, indent=1, ensure_ascii=False, sort_keys=True) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main(*sys.argv[1:])
