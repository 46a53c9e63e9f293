"""The models in words, for ``weights list``."""

from __future__ import annotations

from collections.abc import Iterator

from geoclip_core.model.backbones.registry import find_backbone
from geoclip_core.weights.local import local_models
from geoclip_core.weights.registry import MODELS


def model_lines() -> Iterator[str]:
    """The models of the registry and those on this machine, with their parts, licences and reference numbers."""
    for record in MODELS.values():
        yield f"{record.name}: {record.summary}"
        yield f"    {record.paper}"
        for part, file in record.parts.items():
            size = f"{file.size / 1e6:.1f} MB"
            yield f"    {part}: {file.name} ({size}, {file.licence}, sha256 {file.sha256[:16]}...)"
        if record.backbone:
            title = find_backbone(record.backbone).title
            yield f"    needs {title} besides (`weights where`, `weights fetch`)"
        for benchmark, shares in record.reference.items():
            yield f"    {benchmark}: {' '.join(f'{s:g}' for s in shares)} % within 1/25/200/750/2500 km"
    for local in local_models():
        yield f"{local.name}: {local.summary or 'trained and exported here'}"
        yield f"    {local.folder} ({local.licence})"
