"""The whole comparison, resumable: every fit leaves one small file, and a later run goes on with what is missing."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import numpy as np

from geoclip_core.evaluation.metrics import error_km
from geoclip_core.files import digest, write_json
from geoclip_core.learning.data.settings_text import settings_text
from geoclip_core.rivals.comparison.photo_sets import PhotoSet
from geoclip_core.rivals.comparison.scores import Scores, score
from geoclip_core.rivals.comparison.search import Settings, build, candidates, fit, in_words, try_settings
from geoclip_core.rivals.training import Training

RIGHT_ANSWER = "right answer"
"""Name of the row that the rule of made data gives."""

Report = Callable[[str], None]


def compare(
    data: PhotoSet,
    names: Iterable[str],
    seeds: int,
    training: Training,
    folder: Path,
    *,
    search: bool = True,
    report: Report = lambda line: None,  # noqa: ARG005
) -> dict[str, list[Scores]]:
    """Fit and score rivals on one set of photos.

    Args:
        data: The photos.
        names: Of rivals, see ``RIVALS``.
        seeds: How often each is fitted; the settings are searched once, with seed 0.
        training: The budget of every fit.
        folder: Where results are kept; results of other data or another budget have other names.
        search: Try settings; else each rival has its own defaults.
        report: Told after every fit.

    Returns:
        Scores of each seed, by name.

    Raises:
        DataError: There is no such rival, or a split leaves one side empty.
        OSError: The folder cannot be written.
    """
    place = folder / f"{data.name.replace(' ', '-').replace(',', '')}-{digest(data.digest, settings_text(training))}"
    test = np.flatnonzero(data.test)
    results: dict[str, list[Scores]] = {}
    if data.right_answer is not None:
        results[RIGHT_ANSWER] = [_right_answer(data, test)]
    for name in names:
        settings = _searched(name, data, training, place, report) if search else {}
        results[name] = []
        for seed in range(seeds):

            def fitted(name: str = name, seed: int = seed, settings: Settings = settings) -> Any:
                rival = fit(build(name, settings, training, seed), data, np.flatnonzero(~data.test))
                return score(rival, data, test, in_words(settings)).to_dict()

            key = f"{name}-seed{seed}-{digest(in_words(settings))[:8]}"
            found = Scores.from_dict(_kept(place / f"{key}.json", fitted))
            results[name].append(found)
            report(f"{data.name}: {name}, seed {seed}: score {found.points.mean():.0f}, {found.seconds:.1f} s")
    return results


def _searched(name: str, data: PhotoSet, training: Training, place: Path, report: Report) -> Settings:
    """The settings with the best score on the validation's groups, of equals the first."""
    tried = candidates(name)
    if len(tried) < 2:
        return tried[0]
    found = []
    for settings in tried:

        def attempt(settings: Settings = settings) -> Any:
            return try_settings(name, settings, data, training, 0)

        found.append(float(_kept(place / f"{name}-search-{digest(in_words(settings))[:8]}.json", attempt)))
        report(f"{data.name}: {name}, tried {in_words(settings)}: score {found[-1]:.0f}")
    return tried[int(np.argmax(found))]


def _kept(path: Path, make: Callable[[], Any]) -> Any:
    """What an earlier run has written, or what is made and written now."""
    if path.is_file():
        return json.loads(path.read_text(encoding="utf-8"))
    made = make()
    write_json(path, made)
    return made


def _right_answer(data: PhotoSet, test: np.ndarray[Any, np.dtype[np.int64]]) -> Scores:
    assert data.right_answer is not None
    density, best = data.right_answer(test)
    errors = error_km(best, data.latlon[test])
    return Scores(errors.tolist(), density.tolist(), [], 0, 0.0, "the rule itself", ())
