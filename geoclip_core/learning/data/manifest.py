"""Manifest of a resumable output folder: a part counts once its JSON record exists.

Work of hours is cut into parts, and any process may be killed at any moment. The files of part 7 are written beside
their place and renamed; ``part-00007.json``, with the size and sha256 of each, is written last. A kill loses at most
the part being written; the next start makes that one again and keeps the rest.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from geoclip_core.errors import DataError
from geoclip_core.files import atomic, sha256, write_json


class Manifest:
    """Which parts of a folder are complete.

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
                hint="run the command that makes them again; it keeps what is complete",
            )
        return manifest

    @property
    def parts(self) -> int:
        """How many parts the finished folder has."""
        return int(self.settings["parts"])

    def path(self, part: int, suffix: str) -> Path:
        """Where a file of a part belongs."""
        return self.folder / f"part-{part:05d}{suffix}"

    def has(self, part: int) -> bool:
        """Whether a part is complete, by the sizes of its files."""
        try:
            files = self.record(part)["files"]
            return all((self.folder / name).stat().st_size == mark["size"] for name, mark in files.items())
        except (OSError, ValueError, KeyError):
            return False

    def record(self, part: int) -> dict[str, Any]:
        """The JSON record of a part: ``files`` with their sizes and digests, and what was added with it."""
        record: dict[str, Any] = json.loads(self.path(part, ".json").read_text(encoding="utf-8"))
        return record

    @contextmanager
    def writing(self, part: int, suffix: str) -> Iterator[Path]:
        """Where to write a file of a part; it takes its place when the block ends without an error.

        No two processes may write the same part: what a killed one has left of it is removed first.
        """
        place = self.path(part, suffix)
        with atomic(place, only_writer=True) as file:
            yield file

    def add(self, part: int, suffixes: tuple[str, ...], **values: Any) -> None:
        """Count a part as complete.

        Args:
            part: Its number.
            suffixes: Of its files, which are written.
            values: Plain values to keep in its record.
        """
        places = [self.path(part, suffix) for suffix in suffixes]
        marks = {place.name: {"size": place.stat().st_size, "sha256": sha256(place)} for place in places}
        write_json(self.path(part, ".json"), {"files": marks, **values})

    def damaged(self) -> list[str]:
        """Names of files whose sha256 is not the recorded one; reads everything."""
        bad = []
        for part in range(self.parts):
            for name, mark in self.record(part)["files"].items():
                if sha256(self.folder / name) != mark["sha256"]:
                    bad.append(name)
        return bad
