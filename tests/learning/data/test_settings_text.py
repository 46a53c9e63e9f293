"""The digest of pairs does not change when a class is renamed or gets a new field: runs that began before go on."""

from __future__ import annotations

from geoclip_core.learning.data.augment import PhotoViews
from geoclip_core.learning.data.settings_text import settings_text
from geoclip_core.learning.overhead.augment import ViewAugmentation
from geoclip_core.learning.overhead.sampling import Sampling
from geoclip_core.photo.preprocess import Preprocess


def test_settings_are_written_as_the_first_release_wrote_them() -> None:
    preprocess = (
        "Preprocess(size=224, mean=(0.48145466, 0.4578275, 0.40821073), std=(0.26862954, 0.26130258, 0.27577711))"
    )
    assert settings_text(PhotoViews()) == (
        f"Views(count=2, preprocess={preprocess}, smallest=0.08, flip=0.5, jitter=0.8, brightness=0.4, hue=0.1, "
        "grey=0.2)"
    )
    assert settings_text(ViewAugmentation()).startswith("Disguise(untouched=0.25, sea=0.4, snow=0.12, ")
    assert settings_text((Sampling(), 1)) == f"({Sampling()!r}, 1)"
    assert settings_text(("a",)) == "('a',)"


def test_a_new_setting_counts_where_it_is_used() -> None:
    assert settings_text(Preprocess(resize="squash")).endswith("0.27577711), resize='squash')")
