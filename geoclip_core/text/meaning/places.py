"""Places that a description means, by sentence embeddings: names of landmarks and landscapes, encoded once and kept."""

from __future__ import annotations

from functools import cached_property

import numpy as np
import numpy.typing as npt

from geoclip_core.files import Arrays, Progress, cached_arrays, digest
from geoclip_core.places.gazetteer import Gazetteer
from geoclip_core.places.sources import landscape_phrases, sources_key
from geoclip_core.text import settings
from geoclip_core.text.meaning.encoder import SentenceEncoder


class Meaning:
    """Finds places by what their names mean.

    Args:
        gazetteer: Where the names come from.
    """

    def __init__(self, gazetteer: Gazetteer) -> None:
        self._gazetteer = gazetteer

    @cached_property
    def _encoder(self) -> SentenceEncoder:
        return SentenceEncoder.installed()

    def encode(self, texts: list[str]) -> npt.NDArray[np.float32]:
        """Unit vectors of texts, shape (n, 384)."""
        return self._encoder.encode(texts, settings.BATCH)

    @cached_property
    def _table(self) -> Arrays:
        return self._kept(None)

    def prepare(self, progress: Progress | None = None) -> None:
        """Load what the first description needs, and encode the names where the cache folder does not hold them, once.

        Args:
            progress: Told how many names are encoded, and how many there are.
        """
        self._kept(progress)
        _ = self._vectors, self._encoder

    def _kept(self, progress: Progress | None) -> Arrays:
        key = digest(settings.MEANING_FORMAT, sources_key())
        return cached_arrays("meaning", key, lambda: self._build(progress))

    @cached_property
    def _vectors(self) -> npt.NDArray[np.float32]:
        return self._table["vectors"].astype(np.float32)

    def _build(self, progress: Progress | None) -> Arrays:
        gazetteer = self._gazetteer
        administrative = {"city", "country", "region", "historical region", "macro region", "continent", "aerodrome"}
        landscape = gazetteer.kinds.index("landscape")
        phrases = landscape_phrases()
        named: list[tuple[str, int]] = []
        for row in gazetteer.rows_of_kind(*(set(gazetteer.kinds) - administrative)).tolist():
            name = gazetteer.name(row)
            also = phrases.get(name, ())[: settings.PHRASES] if gazetteer.kind[row] == landscape else ()
            named += [(phrase, row) for phrase in (name, *also)]
        named.sort(key=lambda entry: len(entry[0]))  # texts encoded together are filled up to the longest of them
        vectors = []
        for start in range(0, len(named), settings.TOLD_EVERY):
            if progress is not None:
                progress(start, len(named))
            vectors.append(self.encode([name for name, _ in named[start : start + settings.TOLD_EVERY]]))
        return {
            "vectors": np.concatenate(vectors).astype(np.float16),
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
