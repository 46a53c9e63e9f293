"""Photo files that tests make: pictures of chance, with a position in their EXIF block or without."""

from __future__ import annotations

import io

from PIL import ExifTags, Image


def position_exif(latlon: tuple[float, float], error_m: float | None = None) -> Image.Exif:
    """An EXIF block that states a position in degrees, and how far off it may be."""
    exif = Image.Exif()
    gps = exif.get_ifd(ExifTags.IFD.GPSInfo)
    lat, lon = latlon
    gps[ExifTags.GPS.GPSLatitudeRef], gps[ExifTags.GPS.GPSLatitude] = "N" if lat >= 0 else "S", (abs(lat), 0.0, 0.0)
    gps[ExifTags.GPS.GPSLongitudeRef], gps[ExifTags.GPS.GPSLongitude] = "E" if lon >= 0 else "W", (abs(lon), 0.0, 0.0)
    if error_m is not None:
        gps[ExifTags.GPS.GPSHPositioningError] = error_m
    return exif


def jpeg(image: Image.Image | None = None, **settings: object) -> bytes:
    """The bytes of a JPEG file; a plain small picture by default."""
    stream = io.BytesIO()
    (image or Image.new("RGB", (64, 48), (20, 60, 20))).save(stream, "JPEG", **settings)
    return stream.getvalue()


def placed_photo(latlon: tuple[float, float], error_m: float | None = None) -> bytes:
    """A JPEG file whose EXIF block states a position."""
    return jpeg(exif=position_exif(latlon, error_m))


def told_photo(*, placed: bool = True) -> bytes:
    """A JPEG file that states time with zone, camera, altitude, heading, and a position at the Eiffel Tower or none."""
    exif = position_exif((48.8584, 2.2945)) if placed else Image.Exif()
    exif[ExifTags.Base.Make], exif[ExifTags.Base.Model] = "Maker", "Model"
    details, gps = exif.get_ifd(ExifTags.IFD.Exif), exif.get_ifd(ExifTags.IFD.GPSInfo)
    details[ExifTags.Base.DateTimeOriginal] = "2019:07:14 10:30:00"
    details[ExifTags.Base.OffsetTimeOriginal] = "+02:00"
    gps[ExifTags.GPS.GPSAltitude], gps[ExifTags.GPS.GPSImgDirection] = 35.5, 90.0
    gps[ExifTags.GPS.GPSImgDirectionRef] = "M"
    return jpeg(exif=exif)
