"""Which photos are taken: formats, file name suffixes, and how large and how many they may be."""

from __future__ import annotations

FORMATS = ("JPEG", "PNG", "WEBP", "HEIF", "AVIF", "TIFF", "GIF", "BMP")
"""Formats that are decoded, by Pillow's names; everything else is refused before any decoder runs.
The stereo pictures of phones (MPO) are opened by the JPEG decoder."""

FORMATS_TEXT = "JPEG, PNG, WebP, HEIC, AVIF, TIFF, GIF or BMP"

SUFFIXES = (".jpg", ".jpeg", ".png", ".webp", ".heic", ".heif", ".avif", ".tif", ".tiff", ".gif", ".bmp")
"""Of file names, in small letters, that a folder is searched for and that the page lets a person choose."""

MAX_BYTES = 256 * 1024 * 1024
"""Of one file, wherever it comes from."""

MAX_UPLOAD_MB = 64
"""Megabytes of one file given to the page; ``.streamlit/config.toml`` must say the same, and a test compares them."""

MAX_PIXELS = 178_956_970
"""Pixels of the largest photo that is decoded: Pillow's own hard limit, 0.5 GB as RGB."""

MAX_ASPECT = 100
"""Longer side over shorter side; resizing the short side of a thinner strip would need gigabytes."""

MAX_PHOTOS = 20
"""Photos of one place in one question."""
