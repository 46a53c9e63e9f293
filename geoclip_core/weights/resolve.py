"""Finding weights on this machine, and fetching them when the user asks; never behind their back."""

from __future__ import annotations

import hashlib
import importlib.metadata
import json
import os
import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from geoclip_core.errors import MissingWeightsError, WeightsError
from geoclip_core.files import cache_folder
from geoclip_core.weights.registry import (
    CLIP_ON_HUB,
    DISTRIBUTION,
    KNOWN_CLIP_FILES,
    FileRecord,
    HubFile,
)

CLIP_VARIABLE = "GEOCLIP_CLIP"
_CHUNK = 1 << 22
_FOLDER_FILES = (
    "model.safetensors",
    "open_clip_model.safetensors",
    "open_clip_pytorch_model.bin",
    "pytorch_model.bin",
)
_OPEN_CLIP_REPO = "timm/vit_large_patch14_clip_224.openai"  # open_clip's own hub copy of the openai tag

Progress = Callable[[int, int], None]
"""Called with bytes done and bytes in all."""


@dataclass(frozen=True)
class ClipFile:
    """CLIP weights on this disk.

    Attributes:
        path: The file.
        found: Where it was found, for people.
        expected: Digest it must have, where that is known beforehand.
    """

    path: Path
    found: str
    expected: str | None = None


def released_file(record: FileRecord) -> Path:
    """A file of the installed ``geoclip`` distribution, its digest checked.

    Raises:
        MissingWeightsError: The distribution is not installed, or lacks the file.
        WeightsError: The file is not the released one.
    """
    try:
        path = Path(str(importlib.metadata.distribution(DISTRIBUTION).locate_file(record.name)))
    except importlib.metadata.PackageNotFoundError as error:
        raise MissingWeightsError(
            "The released GeoCLIP heads come inside the package geoclip, which is not installed",
            way_out="pip install geoclip==1.3.0",
        ) from error
    if not path.is_file():
        raise MissingWeightsError(
            f"{path} is missing from the installed geoclip package",
            way_out="pip install --force-reinstall geoclip==1.3.0",
        )
    found = sha256(path)
    if found != record.sha256:
        raise WeightsError(
            f"{path} is not the released file (sha256 {found[:16]}..., released {record.sha256[:16]}...)",
            way_out="pip install --force-reinstall --no-deps geoclip==1.3.0",
        )
    return path


def sha256(path: Path, progress: Progress | None = None) -> str:
    """Digest of a file; remembered by size and time of change, since CLIP takes seconds to hash."""
    stat = path.stat()
    stamp = f"{path.resolve()}|{stat.st_size}|{stat.st_mtime_ns}"
    ledger = cache_folder() / "digests" / f"{hashlib.sha256(stamp.encode()).hexdigest()[:32]}.json"
    try:
        known = json.loads(ledger.read_text())
        if known["stamp"] == stamp:
            return str(known["sha256"])
    except (OSError, ValueError, KeyError, TypeError):
        pass
    total = hashlib.sha256()
    done = 0
    with path.open("rb") as stream:
        while chunk := stream.read(_CHUNK):
            total.update(chunk)
            done += len(chunk)
            if progress:
                progress(done, stat.st_size)
    result = total.hexdigest()
    try:
        ledger.parent.mkdir(parents=True, exist_ok=True)
        part = ledger.with_suffix(f".{os.getpid()}.part")
        part.write_text(json.dumps({"stamp": stamp, "sha256": result}))
        part.replace(ledger)
    except OSError:
        pass  # a digest that cannot be remembered is only computed again
    return result


def find_clip(path: str | Path | None = None) -> ClipFile:
    """CLIP ViT-L/14 on this machine: the given path, the environment variable, else the local hub caches.

    Args:
        path: File (open_clip safetensors or .bin, OpenAI's ViT-L-14.pt) or a Hugging Face snapshot folder.

    Returns:
        The file that will be read. Its content is checked when it is read.

    Raises:
        MissingWeightsError: It is nowhere; the message lists where was looked, and the three ways out.
    """
    looked: list[str] = []
    for given, name in ((path, "the given path"), (os.environ.get(CLIP_VARIABLE), f"${CLIP_VARIABLE}")):
        if given:
            found = _in_path(Path(given).expanduser())
            if found is None:
                kind = "a folder without CLIP weights" if Path(given).expanduser().is_dir() else "not there"
                raise MissingWeightsError(
                    f"{name[0].upper()}{name[1:]} for the CLIP weights, {given}, is {kind}",
                    allowed="a file .safetensors, .bin or .pt, or a folder with one of " + ", ".join(_FOLDER_FILES),
                    way_out="correct the path, or leave it out to look in the local caches",
                )
            return ClipFile(found, name, _digest_from_hub_cache(found))
        looked.append(f"{name}: not set")
    for repo, name in (
        (CLIP_ON_HUB.repo, CLIP_ON_HUB.file.name),
        (_OPEN_CLIP_REPO, "open_clip_model.safetensors"),
        (_OPEN_CLIP_REPO, "open_clip_pytorch_model.bin"),
        (CLIP_ON_HUB.repo, "pytorch_model.bin"),
    ):
        cached = _in_hub_cache(repo, name)
        if cached is not None:
            return ClipFile(cached, f"the hub cache of {repo}", _digest_from_hub_cache(cached))
        looked.append(f"hub cache, {repo}/{name}: not there")
    original = Path("~/.cache/clip/ViT-L-14.pt").expanduser()
    if original.is_file():
        return ClipFile(original, "the cache of OpenAI's clip", next(k for k in KNOWN_CLIP_FILES if k[0] == "b"))
    looked.append(f"{original}: not there")
    size = CLIP_ON_HUB.file.size / 1e9
    raise MissingWeightsError(
        "The full model needs the CLIP ViT-L/14 weights, which are not on this machine. Looked in\n  "
        + "\n  ".join(looked)
        + "\n",
        way_out=(
            f"(1) fetch them once, {size:.1f} GB: `python -m geoclip_core weights fetch` or the button on the page; "
            f"(2) copy a file or folder of CLIP ViT-L/14 here and set {CLIP_VARIABLE} to its path; "
            "(3) use the model `embedded`, which needs nothing more"
        ),
    )


def _in_path(path: Path) -> Path | None:
    if path.is_file():
        return path
    if path.is_dir():
        for name in _FOLDER_FILES:
            if (path / name).is_file():
                return path / name
    return None


def _in_hub_cache(repo: str, name: str) -> Path | None:
    from huggingface_hub import constants

    folder = Path(constants.HF_HUB_CACHE) / f"models--{repo.replace('/', '--')}" / "snapshots"
    if not folder.is_dir():
        return None
    found = [snapshot / name for snapshot in folder.iterdir() if (snapshot / name).is_file()]
    return max(found, key=lambda p: p.stat().st_mtime_ns, default=None)


def _digest_from_hub_cache(path: Path) -> str | None:
    """The hub names large files in its cache by their sha256, so the name says what must be inside."""
    name = path.resolve().name
    return name if re.fullmatch(r"[0-9a-f]{64}", name) else None


def fetch_clip(progress: Progress | None = None, *, source: HubFile = CLIP_ON_HUB, endpoint: str | None = None) -> Path:
    """Fetch CLIP ViT-L/14 from the hub into the hub's cache; resumes where an earlier try stopped.

    Args:
        progress: Told how many bytes have arrived; an exception it raises stops the download, which can be
            resumed later. Without it a bar is drawn on the terminal.
        source: What to fetch.
        endpoint: Address of the hub, for mirrors; the hub's own by default.

    Returns:
        Path of the file, its digest checked.

    Raises:
        WeightsError: The hub cannot be reached, the disk cannot be written, or the file is not the
            released one (it is then deleted).
    """
    import huggingface_hub
    from huggingface_hub.errors import HfHubHTTPError, LocalEntryNotFoundError, OfflineModeIsEnabled

    way_out = (
        f"try again where {source.repo} can be reached, or copy {source.file.name} from another machine "
        f"and set {CLIP_VARIABLE} to it, or use the model `embedded`"
    )
    try:
        path = Path(
            huggingface_hub.hf_hub_download(
                source.repo,
                source.file.name,
                revision=source.revision,
                endpoint=endpoint,
                tqdm_class=_reporting_bar(progress) if progress else None,
            )
        )
    except (LocalEntryNotFoundError, OfflineModeIsEnabled, HfHubHTTPError) as error:
        raise WeightsError(f"The CLIP weights could not be fetched from {source.repo}", way_out=way_out) from error
    except PermissionError as error:
        raise WeightsError(
            f"The hub's cache folder cannot be written ({error.filename or error})",
            way_out="set HF_HOME to a folder that can be written",
        ) from error
    except OSError as error:
        raise WeightsError(f"The download stopped ({error}); what has arrived is kept", way_out=way_out) from error
    found = sha256(path)
    if found != source.file.sha256:
        path.resolve().unlink(missing_ok=True)
        path.unlink(missing_ok=True)
        raise WeightsError(
            f"What {source.repo} sent is not the released file (sha256 {found[:16]}..., released "
            f"{source.file.sha256[:16]}...); it was deleted",
            way_out="try again; if it stays so, the connection or the mirror alters files",
        )
    return path


def _reporting_bar(progress: Progress) -> type[Any]:
    from tqdm import tqdm

    class Bar(tqdm):  # type: ignore[misc]  # tqdm ships no types
        def __init__(self, *args: Any, **kwargs: Any) -> None:
            self._told = 0
            kwargs["disable"] = False
            kwargs["file"] = open(os.devnull, "w")  # noqa: PTH123, SIM115 - closed with the bar
            kwargs.pop("name", None)
            super().__init__(*args, **kwargs)

        def update(self, n: float | None = 1) -> bool | None:
            shown: bool | None = super().update(n)
            progress(int(self.n), int(self.total or 0))
            return shown

        def close(self) -> None:
            super().close()
            self.fp.close()

    return Bar
