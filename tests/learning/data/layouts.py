"""Small copies of the layouts that public data sets are unpacked in: a table, and photos where they lie there."""

from __future__ import annotations

import csv
import io
import json
import tarfile
from collections.abc import Callable
from pathlib import Path

import numpy as np
import numpy.typing as npt
from PIL import Image

from geoclip_core.learning.data.toy import PaintedPlanet

COUNT = 12
Layout = tuple[Path, Path]
"""A table, and the folder of its photos."""


def places(count: int = COUNT) -> npt.NDArray[np.float32]:
    """(count, 2) degrees, far from each other."""
    return PaintedPlanet(count, seed=3).latlon


def photo(number: int) -> bytes:
    """A JPEG file that is like no other."""
    coarse = Image.fromarray(np.random.default_rng(number).integers(0, 255, (6, 8, 3), dtype=np.uint8))
    stream = io.BytesIO()
    coarse.resize((40, 30), Image.Resampling.BICUBIC).save(stream, "JPEG")
    return stream.getvalue()


def put(root: Path, path: str, number: int) -> None:
    """Write a photo."""
    (root / path).parent.mkdir(parents=True, exist_ok=True)
    (root / path).write_bytes(photo(number))


def table(file: Path, header: list[str], rows: list[list[object]], separator: str = ",") -> Path:
    """Write a table as text."""
    with file.open("w", newline="", encoding="utf-8") as stream:
        writer = csv.writer(stream, delimiter=separator)
        writer.writerows([header, *rows] if header else rows)
    return file


def osv5m(root: Path) -> Layout:
    """OSV-5M (Astruc et al. 2024): whole numbers in ``train.csv``, photos in ``images/train/00`` to ``04``."""
    rows = []
    for i, (lat, lon) in enumerate(places().tolist()):
        number = 389213182563786 + i
        put(root / "images" / "train", f"{i % 5:02d}/{number}.jpg", i)
        rows.append([number, lat, lon, f"someone{i % 3}", i])
    header = ["id", "latitude", "longitude", "creator_username", "sequence"]
    return table(root / "train.csv", header, rows), root / "images" / "train"


def mp16(root: Path) -> Layout:
    """MP-16 (Larson et al. 2017): two folders by hash in the name, and photos in them."""
    rows = []
    for i, (lat, lon) in enumerate(places().tolist()):
        name = f"{i:02x}/{i + 20:02x}/{3888692904 + i}.jpg"
        put(root / "mp16", name, i)
        rows.append([name, f"{i % 3}@N00", lat, lon])
    return table(root / "mp16_places365.csv", ["IMG_ID", "AUTHOR", "LAT", "LON"], rows), root / "mp16"


def mp16_flat(root: Path) -> Layout:
    """MP-16 as some copies have it: the folders of the names are underscores on the disk."""
    file, _ = mp16(root / "nested")
    for i, (lat, _) in enumerate(places().tolist()):
        del lat
        put(root / "flat", f"{i:02x}_{i + 20:02x}_{3888692904 + i}.jpg", i)
    return file, root / "flat"


def yfcc4k(root: Path) -> Layout:
    """YFCC4k's Places365 table: numbers with ``.jpg``; photos lie in a folder below."""
    rows = []
    for i, (lat, lon) in enumerate(places().tolist()):
        put(root / "data", f"yfcc4k/{10201275523 + i}.jpg", i)
        rows.append([f"{10201275523 + i}.jpg", lat, lon, 1, 2])
    return table(root / "yfcc4k_places365.csv", ["IMG_ID", "LAT", "LON", "Prob_indoor", "S3"], rows), root / "data"


def yfcc100m(root: Path) -> Layout:
    """YFCC100M's own file (Thomee et al. 2016): 23 columns between tabs, without a header, longitude first."""
    rows = []
    for i, (lat, lon) in enumerate(places().tolist()):
        number = 6985418911 + i
        put(root / "photos", f"{i % 2}/{number}.jpg", i)
        before = [number, f"{i % 3}@N07", "a+nickname", "2012-05-08", 1336541234, "Canon", 'A "title', "", "a,b", ""]
        rows.append([*before, lon, lat, 16, "http://page", "http://photo", "BY", "http://by", 1, 2, "s", "o", "jpg", 0])
    file = root / "yfcc100m_dataset.tsv"
    root.mkdir(parents=True, exist_ok=True)
    file.write_text("".join("\t".join(map(str, row)) + "\n" for row in rows), encoding="utf-8")
    return file, root / "photos"


def yfcc100m_hashed(root: Path) -> Layout:
    """YFCC100M's later edition: no suffix, 25 columns that begin with the line, photos in folders by their hashes."""
    file, _ = yfcc100m(root)
    lines = []
    for i, line in enumerate(file.read_text(encoding="utf-8").splitlines()):
        number, _, rest = line.partition("\t")
        mark = f"{i:x}{i * 7919:031x}"
        put(root / "images", f"{mark[:3]}/{mark[3:6]}/{mark}.jpg", i)
        lines.append(f"{i}\t{number}\t{mark}\t{rest}\n")
    (root / "yfcc100m_dataset").write_text("".join(lines), encoding="utf-8")
    return root / "yfcc100m_dataset", root / "images"


def exiftool(root: Path) -> Layout:
    """What ``exiftool -csv -n -r`` writes of a folder whose photos have the same names in several folders."""
    rows: list[list[object]] = []
    for i, (lat, lon) in enumerate(places().tolist()):
        put(root / "photos", f"day {i // 4}/{i % 4}.JPG", i)
        rows.append([f"./album/photos/day {i // 4}/{i % 4}.JPG", lat, lon])
    return table(root / "table.csv", ["SourceFile", "GPSLatitude", "GPSLongitude"], rows), root / "photos"


def deeper(root: Path) -> Layout:
    """Numbers of a column where others were missing, and photos further below than the table says."""
    rows: list[list[object]] = []
    for i, (lat, lon) in enumerate(places().tolist()):
        put(root / "photos", f"a/{1000 + i}.jfif" if i % 2 else f"b/{i}/photo.jpg", i)
        rows.append([f"{1000 + i}.0" if i % 2 else f"{i}\\photo", lat, lon])
    return table(root / "table.csv", ["id", "latitude", "longitude"], rows), root


def im2gps3k(root: Path) -> Layout:
    """Im2GPS3k: names of Flickr with owner and ``@``, which some copies have as an underscore."""
    rows = []
    for i, (lat, lon) in enumerate(places().tolist()):
        name = f"{1000269685 + i}_e60e9cdfb4_1125_7884137{i % 10}@N00.jpg"
        put(root / "im2gps3ktest", name.replace("@", "_") if i % 2 else name, i)
        rows.append([name, lat, lon])
    return table(root / "im2gps3k_places365.csv", ["IMG_ID", "LAT", "LON"], rows), root / "im2gps3ktest"


def windows(root: Path) -> Layout:
    """Backslashes, and names whose accents are one character in the table and two on the disk."""
    rows: list[list[object]] = []
    for i, (lat, lon) in enumerate(places().tolist()):
        put(root / "photos", f"Me\u0301xico/{i}.jpg", i)
        rows.append([f"M\u00e9xico\\{i}.jpg", lat, lon])
    return table(root / "table.csv", ["image", "latitude", "longitude"], rows, ";"), root / "photos"


LAYOUTS: dict[str, Callable[[Path], Layout]] = {
    each.__name__: each
    for each in (osv5m, mp16, mp16_flat, yfcc4k, yfcc100m, yfcc100m_hashed, im2gps3k, windows, exiftool, deeper)
}


def _exif(lat: float, lon: float) -> str:
    """The position in a file's EXIF, as img2dataset writes it."""
    tags = {"Image Make": "Canon"}
    for value, name, signs in ((lat, "GPS GPSLatitude", "NS"), (lon, "GPS GPSLongitude", "EW")):
        whole = int(abs(value))
        tags[name] = f"[{whole}, 0, {round((abs(value) - whole) * 3600 * 10**6)}/1000000]"
        tags[f"{name}Ref"] = signs[value < 0]
    return json.dumps(tags)


POSITIONS: dict[str, Callable[[float, float], dict[str, object]]] = {
    "columns": lambda lat, lon: {"LAT": str(lat), "lon": lon},
    "below": lambda lat, lon: {"gps": {"latitude": str(lat).replace(".", ","), "longitude": lon}},
    "list": lambda lat, lon: {"latlon": [lat, lon]},
    "geojson": lambda lat, lon: {"geometry": {"type": "Point", "coordinates": [lon, lat]}},
    "exif": lambda lat, lon: {"exif": _exif(lat, lon)},
}
"""How a photo's JSON may hold its position."""


def img2dataset(
    root: Path, without: tuple[int, ...] = (), said: str = "columns", suffixes: tuple[str, str] = ("jpg", "json")
) -> Path:
    """Shards as img2dataset writes them: 00000.tar of photo, text and JSON of one key, and a table beside each."""
    root.mkdir(parents=True, exist_ok=True)
    for shard in range(2):
        with tarfile.open(root / f"{shard:05d}.tar", "w") as tar:
            for i in range(shard * COUNT // 2, (shard + 1) * COUNT // 2):
                lat, lon = places()[i].tolist()
                about = {"url": "http://photo", "caption": "a photo", "key": f"{shard:05d}{i:04d}", "status": "success"}
                about |= {} if i in without else POSITIONS[said](lat, lon)
                files = {suffixes[0]: photo(i), "txt": b"a photo", suffixes[1]: json.dumps(about).encode()}
                for suffix, content in files.items():
                    entry = tarfile.TarInfo(f"{shard:05d}{i:04d}.{suffix}")
                    entry.size = len(content)
                    tar.addfile(entry, io.BytesIO(content))
        (root / f"{shard:05d}_stats.json").write_text("{}")
        (root / f"{shard:05d}.parquet").write_bytes(b"not read")
    return root
