"""Pixels and metadata in: decoding, EXIF, preprocessing."""
