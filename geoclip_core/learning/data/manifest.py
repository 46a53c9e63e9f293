"""A folder of files that are made one by one, over hours, by processes that may be killed at any moment.

Each part is written beside its place, renamed, and only then entered: ``part-00007.json`` says that part 7 is
whole, with the size and sha256 of its files. A kill loses at most the part being written; the next start makes
that one again and keeps the rest.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from geoclip_core.errors import DataError
from geoclip_core.learning.run.checkpoints import write_json

_CHUNK = 1 << 22


def sha256(path: Path) -> str:
    """Digest of a file, 64 hexadecimal digits."""
    total = hashlib.sha256()
    with path.open("rb") as stream:
        while chunk := stream.read(_CHUNK):
            total.update(chunk)
    return total.hexdigest()


class Manifest:
    """Which parts of a folder are whole.

    Args:
        folder: Made if it is not there.
        settings: What every part depends on, as plain values; ``parts`` is their number. A folder that was made
            with other settings is refused.

    Raises:
        DataError: The folder was made with other settings.
    """

    def __init__(self, folder: Path, settings: Mapping[str, Any]) -> None:
        self.folder, self.settings = folder, json.loads(json.dumps(settings))
        folder.mkdir(parents=True, exist_ok=True)
        file = folder / "settings.json"
        if not file.exists():
            write_json(file, self.settings)
        there = json.loads(file.read_text(encoding="utf-8"))
        if there != self.settings:
            differ = [key for key in {**there, **self.settings} if there.get(key) != self.settings.get(key)]
            raise DataError(
                f"{folder} was made with other settings: {', '.join(sorted(differ))}",
                hint="name another folder, or delete this one",
            )

    @classmethod
    def of(cls, folder: Path) -> Manifest:
        """The manifest of a finished folder.

        Raises:
            DataError: There is none, or parts are missing or damaged in size.
        """
        if not folder.is_dir():
            raise DataError(
                f"There is no folder {folder}",
                hint="check the path, or make it with training/make_features.py or training/make_shards.py",
            )
        try:
            manifest = cls(folder, json.loads((folder / "settings.json").read_text(encoding="utf-8")))
        except (OSError, ValueError) as error:
            raise DataError(f"{folder} was not made by this pipeline ({error})", hint="check the path") from error
        missing = [part for part in range(manifest.parts) if not manifest.has(part)]
        if missing:
            raise DataError(
                f"{len(missing)} of {manifest.parts} parts of {folder} are missing or cut short, first {missing[0]}",
                hint="run the command that makes them again; it keeps what is whole",
            )
        return manifest

    @property
    def parts(self) -> int:
        """How many parts there are to be."""
        return int(self.settings["parts"])

    def path(self, part: int, suffix: str) -> Path:
        """Where a file of a part belongs."""
        return self.folder / f"part-{part:05d}{suffix}"

    def has(self, part: int) -> bool:
        """Whether a part is whole, by the sizes of its files."""
        try:
            files = self.record(part)["files"]
            return all((self.folder / name).stat().st_size == mark["size"] for name, mark in files.items())
        except (OSError, ValueError, KeyError):
            return False

    def record(self, part: int) -> dict[str, Any]:
        """What was entered with a part."""
        record: dict[str, Any] = json.loads(self.path(part, ".json").read_text(encoding="utf-8"))
        return record

    def enter(self, part: int, written: Mapping[str, Path], **what: Any) -> None:
        """Put finished files in their place and enter the part.

        Args:
            part: Its number.
            written: The files, wherever in the folder they are, by suffix.
            what: Plain values to enter with it.
        """
        marks = {}
        for suffix, file in written.items():
            place = self.path(part, suffix)
            marks[place.name] = {"size": file.stat().st_size, "sha256": sha256(file)}
            file.replace(place)
        write_json(self.path(part, ".json"), {"files": marks, **what})

    def damaged(self) -> list[str]:
        """Names of files whose sha256 is not the one entered; reads everything."""
        bad = []
        for part in range(self.parts):
            for name, mark in self.record(part)["files"].items():
                if sha256(self.folder / name) != mark["sha256"]:
                    bad.append(name)
        return bad
