from __future__ import annotations

import hashlib
import importlib.metadata
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from geoclip_core.errors import MissingWeightsError, WeightsError
from geoclip_core.weights.digests import cached_sha256
from geoclip_core.weights.registry import CLIP_ON_HUB, OPENAI_CLIP_SHA256, RELEASED_PARTS
from geoclip_core.weights.resolve import find_clip, released_file

DIGEST = "0123456789abcdef" * 4


def put(path: Path, content: bytes = b"weights") -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
    return path


def snapshot(machine: Path, repo: str, name: str, revision: str = "r" * 40) -> Path:
    return machine / "hub" / f"models--{repo.replace('/', '--')}" / "snapshots" / revision / name


def test_missing_weights_list_where_was_looked_and_the_three_ways_out(empty_machine: Path) -> None:
    with pytest.raises(MissingWeightsError) as caught:
        find_clip()
    message = str(caught.value)
    for place in (
        "the given path: not set",
        "$GEOCLIP_CLIP: not set",
        "hub cache, openai/clip-vit-large-patch14/model.safetensors: not there",
        "hub cache, openai/clip-vit-large-patch14/pytorch_model.bin: not there",
        "hub cache, timm/vit_large_patch14_clip_224.openai/open_clip_model.safetensors: not there",
        "hub cache, timm/vit_large_patch14_clip_224.openai/open_clip_pytorch_model.bin: not there",
        f"{empty_machine / 'home' / '.cache' / 'clip' / 'ViT-L-14.pt'}: not there",
    ):
        assert place in message
    hint = caught.value.hint
    assert hint is not None
    for way in (
        "(1) fetch them once, 1.7 GB",
        "(2) copy a file or folder",
        "set GEOCLIP_CLIP",
        "(3) use the model `em",
    ):
        assert way in hint
    assert isinstance(caught.value, FileNotFoundError)


def test_looking_touches_neither_the_network_nor_the_disk(empty_machine: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import socket

    def no_network(*_: object, **__: object) -> None:
        raise AssertionError("find_clip must not use the network")

    monkeypatch.setattr(socket, "socket", no_network)
    with pytest.raises(MissingWeightsError):
        find_clip()
    assert not list(empty_machine.iterdir())


@pytest.mark.parametrize("name", ["anything.safetensors", "open_clip_pytorch_model.bin", "ViT-L-14.pt"])
def test_a_file_is_found_by_path_and_by_variable(
    name: str, empty_machine: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = put(empty_machine / name)
    assert (find_clip(path).path, find_clip(str(path)).found) == (path, "the given path")
    assert find_clip(path).expected is None
    monkeypatch.setenv("GEOCLIP_CLIP", str(path))
    assert (find_clip().path, find_clip().found) == (path, "$GEOCLIP_CLIP")
    put(empty_machine / "home" / name)
    monkeypatch.setenv("GEOCLIP_CLIP", f"~/{name}")
    assert find_clip().path == empty_machine / "home" / name


@pytest.mark.parametrize("name", ["model.safetensors", "open_clip_model.safetensors", "pytorch_model.bin"])
def test_a_folder_is_searched_for_the_usual_names(name: str, empty_machine: Path) -> None:
    put(empty_machine / "snapshot" / "config.json")
    put(empty_machine / "snapshot" / name)
    assert find_clip(empty_machine / "snapshot").path == empty_machine / "snapshot" / name


def test_a_wrong_path_is_an_error_even_where_the_caches_have_the_weights(
    empty_machine: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    put(snapshot(empty_machine, CLIP_ON_HUB.repo, "model.safetensors"))
    (empty_machine / "empty").mkdir()
    for given in ("nowhere.pt", empty_machine / "empty", "x" * 5000, "~nobody-of-this-name/a.pt", "a\0b"):
        with pytest.raises(MissingWeightsError, match=r"The given path for .* is not there or holds none.*correct the"):
            find_clip(given)
    monkeypatch.setenv("GEOCLIP_CLIP", "nowhere.pt")
    with pytest.raises(MissingWeightsError, match=r"\$GEOCLIP_CLIP for the CLIP weights, nowhere\.pt, is not there"):
        find_clip()


def test_the_hub_caches_are_searched_in_order(empty_machine: Path) -> None:
    timm = "timm/vit_large_patch14_clip_224.openai"
    for repo, name in (
        (CLIP_ON_HUB.repo, "pytorch_model.bin"),
        (timm, "open_clip_pytorch_model.bin"),
        (timm, "open_clip_model.safetensors"),
        (CLIP_ON_HUB.repo, "model.safetensors"),
    ):
        path = put(snapshot(empty_machine, repo, name))
        assert find_clip().path == path
        assert find_clip().found == f"the hub cache of {repo}"


def test_a_broken_link_in_the_hub_cache_is_not_there(empty_machine: Path) -> None:
    link = snapshot(empty_machine, CLIP_ON_HUB.repo, "model.safetensors")
    link.parent.mkdir(parents=True)
    link.symlink_to("../../blobs/gone")
    with pytest.raises(MissingWeightsError):
        find_clip()


def test_a_blob_of_the_hub_must_be_what_its_name_says(empty_machine: Path) -> None:
    blob = put(empty_machine / "hub" / f"models--{CLIP_ON_HUB.repo.replace('/', '--')}" / "blobs" / DIGEST)
    link = snapshot(empty_machine, CLIP_ON_HUB.repo, "model.safetensors")
    link.parent.mkdir(parents=True)
    link.symlink_to(blob)
    assert find_clip().expected == DIGEST
    assert find_clip(link.parent).expected == DIGEST


def test_the_pinned_snapshot_must_be_the_released_file(empty_machine: Path) -> None:
    put(snapshot(empty_machine, CLIP_ON_HUB.repo, CLIP_ON_HUB.file.name, CLIP_ON_HUB.revision))
    assert find_clip().expected == CLIP_ON_HUB.file.sha256


def test_the_cache_of_openais_own_loader_comes_last(empty_machine: Path) -> None:
    path = put(empty_machine / "home" / ".cache" / "clip" / "ViT-L-14.pt")
    assert (find_clip().path, find_clip().expected) == (path, OPENAI_CLIP_SHA256)


def test_a_digest_is_remembered_until_the_file_changes(empty_machine: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    data = bytes(range(256)) * 50_000
    path = put(empty_machine / "file", data)
    told: list[tuple[int, int]] = []
    assert cached_sha256(path, lambda done, total: told.append((done, total))) == hashlib.sha256(data).hexdigest()
    assert told[-1] == (len(data), len(data))
    assert len(told) == -(-len(data) // (1 << 22))

    def no_hashing(*_: object) -> None:
        raise AssertionError("the file is hashed again")

    with monkeypatch.context() as patch:
        original = Path.open
        patch.setattr(Path, "open", lambda p, *a, **k: no_hashing() if p == path else original(p, *a, **k))
        assert cached_sha256(path) == hashlib.sha256(data).hexdigest()
    put(path, data[::-1])
    assert cached_sha256(path) == hashlib.sha256(data[::-1]).hexdigest()


@pytest.mark.parametrize("content", ["", "{", "[]", '{"stamp": "x"}', "7"])
def test_a_damaged_note_of_a_digest_is_ignored(content: str, empty_machine: Path) -> None:
    path = put(empty_machine / "file")
    expected = cached_sha256(path)
    (note,) = (empty_machine / "cache" / "digests").iterdir()
    note.write_text(content)
    assert cached_sha256(path) == expected


def test_a_digest_that_cannot_be_noted_is_computed_all_the_same(empty_machine: Path) -> None:
    put(empty_machine / "cache", b"a file where the folder of the cache should be")
    assert cached_sha256(put(empty_machine / "file")) == hashlib.sha256(b"weights").hexdigest()


def test_released_files_are_found_and_checked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    record = RELEASED_PARTS["logit_scale"]
    assert released_file(record).name == "logit_scale_weights.pth"
    with pytest.raises(WeightsError, match=r"is not the released file \(sha256 .*pip install --force-reinstall"):
        released_file(replace(record, sha256="0" * 64))
    with pytest.raises(MissingWeightsError, match="is missing from the installed geoclip package"):
        released_file(replace(record, name="geoclip/model/weights/none.pth"))

    def not_installed(name: str) -> Any:
        raise importlib.metadata.PackageNotFoundError(name)

    monkeypatch.setattr(importlib.metadata, "distribution", not_installed)
    with pytest.raises(MissingWeightsError, match=r"which is not installed.*pip install geoclip==1\.3\.0"):
        released_file(record)
