"""Settings as a text that goes into the digest of pairs, and so decides whether a run may be resumed."""

from __future__ import annotations

import dataclasses
from typing import Any

# A digest must stay as it was when a run began. So a class keeps the name that it had in the first release ...
_FIRST_NAMES = {"PhotoViews": "Views", "ViewAugmentation": "Disguise"}
# ... and a field that a class got later is left out where it has its default.
_FIRST_FIELDS = {"Preprocess": ("size", "mean", "std")}


def settings_text(value: Any) -> str:
    """Like ``repr``, for tuples, plain values and dataclasses; independent of renamed classes and new fields.

    Args:
        value: Settings; dataclasses may hold dataclasses.
    """
    if isinstance(value, tuple):
        return f"({', '.join(map(settings_text, value))}{',' if len(value) == 1 else ''})"
    if not dataclasses.is_dataclass(value):
        return repr(value)
    kind = type(value).__name__
    first = _FIRST_FIELDS.get(kind)
    parts = [
        f"{field.name}={settings_text(getattr(value, field.name))}"
        for field in dataclasses.fields(value)
        if first is None or field.name in first or getattr(value, field.name) != field.default
    ]
    return f"{_FIRST_NAMES.get(kind, kind)}({', '.join(parts)})"
