"""Numbers as a person reads them: probabilities, distances, areas and positions, worded alike everywhere."""

from __future__ import annotations

from datetime import datetime, timedelta

from geoclip_core.photo.exif import ExifRecord


def percent(probability: float) -> str:
    """A probability: two digits where they mean something, and never a rounded 0 or 100.

    Args:
        probability: 0 to 1.
    """
    if probability >= 0.995:
        return "> 99 %"
    if probability < 0.0001:
        return "< 0.01 %"
    value = 100 * probability
    return f"{value:.0f} %" if value >= 9.95 else f"{value:.1f} %" if value >= 0.995 else f"{value:.2f} %"


def distance(km: float) -> str:
    """A distance in metres or kilometres."""
    return f"{1000 * km:.0f} m" if km < 0.9995 else f"{km:.1f} km" if km < 9.95 else f"{km:,.0f} km"


def duration(seconds: float) -> str:
    """A time span as people say it: seconds, minutes, or hours and minutes."""
    if seconds < 59.5:
        return f"{max(seconds, 1):.0f} s"
    minutes = round(seconds / 60)
    return f"{minutes} min" if minutes < 60 else f"{minutes // 60} h {minutes % 60} min"


def area(km2: float) -> str:
    """An area in square kilometres with two significant digits."""
    digits = f"{float(f'{km2:.2g}'):,.0f}" if km2 >= 10 else f"{km2:.2g}"
    return f"{digits.replace(',', ' ')} km²"


def degrees(latlon: tuple[float, float], decimals: int = 5) -> str:
    """A position as people write it; five decimals are about a metre.

    Args:
        latlon: Degrees, latitude first.
        decimals: Digits after the point.
    """
    lat, lon = latlon
    return f"{abs(lat):.{decimals}f}° {'N' if lat >= 0 else 'S'}, {abs(lon):.{decimals}f}° {'E' if lon >= 0 else 'W'}"


def moment(time: datetime) -> str:
    """A day and a time of day, with the zone where it is known."""
    text = f"{time:%d %B %Y, %H:%M}"
    offset = time.utcoffset()
    if offset is None:
        return text
    sign, ahead = ("-" if offset < timedelta(0) else "+"), abs(offset)
    hours, minutes = divmod(ahead // timedelta(minutes=1), 60)
    return f"{text} UTC" if not ahead else f"{text} (UTC{sign}{hours:02d}:{minutes:02d})"


def file_words(record: ExifRecord) -> dict[str, str]:
    """What a photo's file states about itself, by what it is about; claims, not facts."""
    taken = {"taken": "Taken", "digitized": "Digitized", "gps time": "Time of its GPS position"}
    points = [point for claim in record.positions for point in claim.points]
    points = points or ([record.latlon] if record.latlon else [])
    said = {
        "Possible positions" if len(points) > 1 else "Position": "; ".join(degrees(point) for point in points),
        "Error": distance(record.error_m / 1000) if record.error_m else "",
        "Place": record.place or "",
        "Caption": record.caption or "",
        taken.get(record.taken_by, "Taken"): moment(record.taken_at) if record.taken_at else "",
        "Changed": moment(record.changed_at) if record.changed_at and record.changed_at != record.taken_at else "",
        "Camera": record.camera or "",
        "Altitude": f"{record.altitude_m:.0f} m" if record.altitude_m is not None else "",
        "Heading": f"{record.heading_deg:.0f}° from {record.heading_from or 'true'} north"
        if record.heading_deg is not None
        else "",
        "Panorama": record.projection or "",
    }
    return {what: value for what, value in said.items() if value}
