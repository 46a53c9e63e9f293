from __future__ import annotations

from pathlib import Path

from geoclip_core.text import settings


def test_every_setting_is_used_by_the_text_reader() -> None:
    sources = "\n".join(path.read_text(encoding="utf-8") for path in Path(settings.__file__).parent.rglob("*.py"))
    names = [name for name in vars(settings) if name.isupper()]
    assert len(names) > 60
    assert [name for name in names if f"settings.{name}" not in sources] == []
