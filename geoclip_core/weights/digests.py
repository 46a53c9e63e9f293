"""Digests of large files, remembered between runs."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

from geoclip_core.files import Progress, atomic, cache_folder, sha256


def cached_sha256(path: Path, progress: Progress | None = None) -> str:
    """Digest of a file; remembered by size and time of change, since CLIP's 1.7 GB take seconds to read.

    Args:
        path: The file.
        progress: Told how many bytes are read, and how many there are; not called where the digest is remembered.

    Returns:
        64 hexadecimal digits.
    """
    stat = path.stat()
    stamp = f"{path.resolve()}|{stat.st_size}|{stat.st_mtime_ns}"
    known = cache_folder() / "digests" / f"{hashlib.sha256(stamp.encode()).hexdigest()[:32]}.json"
    try:
        remembered = json.loads(known.read_text(encoding="utf-8"))
        if remembered["stamp"] == stamp:
            return str(remembered["sha256"])
    except (OSError, ValueError, KeyError, TypeError):
        pass
    result = sha256(path, progress)
    try:
        with atomic(known) as part:
            part.write_text(json.dumps({"stamp": stamp, "sha256": result}), encoding="utf-8")
    except OSError:
        pass  # a digest that cannot be remembered is only computed again
    return result
