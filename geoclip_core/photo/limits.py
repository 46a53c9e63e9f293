"""Which photos are taken: formats, file name suffixes, and how large and how many they may be."""

from __future__ import annotations

FORMATS = ("JPEG", "PNG", "WEBP", "HEIF", "AVIF", "TIFF", "GIF", "BMP")
"""Formats that are decoded, by Pillow's names; everything else is refused before any decoder runs.
The stereo pictures of phones (MPO) are opened by the JPEG decoder, raw files of cameras by their preview."""

FORMATS_TEXT = "JPEG, PNG, WebP, HEIC, AVIF, TIFF, GIF or BMP"

RAW_SUFFIXES = (".dng", ".cr2", ".cr3", ".nef", ".nrw", ".arw", ".sr2", ".orf", ".rw2", ".raf", ".pef", ".srw")
"""Of raw files of cameras, of which the preview is taken."""

SUFFIXES = (
    *(".jpg", ".jpeg", ".jpe", ".jfif", ".mpo", ".png", ".webp", ".heic", ".heif", ".hif", ".avif", ".tif", ".tiff"),
    *(".gif", ".bmp"),
    *RAW_SUFFIXES,
)
"""Of file names, in small letters, that a folder is searched for and that the page lets a person choose."""

MAX_BYTES = 256 * 1024 * 1024
"""Of one file, wherever it comes from."""

MAX_UPLOAD_MB = 64
"""Megabytes of one file given to the page; ``.streamlit/config.toml`` must say the same, and a test compares them."""

MAX_PIXELS = 178_956_970
"""Pixels of the largest photo that is decoded: Pillow's own hard limit, 0.5 GB as RGB."""

MAX_REDUCED_PIXELS = 450_000_000
"""Pixels of the largest JPEG photo that is decoded at a reduced scale: twice those of the largest sensor of a phone.
Progressive ones are not, since their decoder keeps every coefficient."""

REDUCED_FROM_PIXELS = 64_000_000
"""Photos of more pixels are taken at a reduced scale, which costs less time and memory; ordinary ones never are."""

REDUCED_SIDE = 2048
"""Pixels that the shorter side of a reduced photo keeps at least: twice what reading signs needs."""

MAX_ASPECT = 100
"""Longer side over shorter side; resizing the short side of a thinner strip would need gigabytes."""

MAX_PHOTOS = 20
"""Photos of one place in one question."""

_BEGINNINGS = (b"\xff\xd8\xff", b"\x89PNG\r\n\x1a\n", b"GIF87a", b"GIF89a", b"II*\0", b"MM\0*")
_BRANDS = (b"heic", b"heix", b"heim", b"heis", b"hevc", b"mif1", b"msf1", b"avif", b"avis")


def begins_as_photo(head: bytes) -> bool:
    """Whether the first 16 bytes of a file are those of a photo, whatever its name."""
    if head[:4] == b"RIFF":
        return head[8:12] == b"WEBP"
    if head[4:8] == b"ftyp":
        return head[8:12] in _BRANDS
    return head.startswith(_BEGINNINGS)
