"""Public hosting: the option ``--demo`` limits what a visitor can ask of the machine."""

from __future__ import annotations

import sys

from geoclip_core.photo.limits import MAX_PHOTOS, MAX_UPLOAD_MB

DEMO_PHOTOS = 3
DEMO_MB = 8


def demo() -> bool:
    """Whether the page was started for the public."""
    return "--demo" in sys.argv[1:]


def most_photos() -> int:
    """How many photos of one place may be shown at once."""
    return DEMO_PHOTOS if demo() else MAX_PHOTOS


def largest_mb() -> int:
    """How large each of them may be, in megabytes."""
    return DEMO_MB if demo() else MAX_UPLOAD_MB
