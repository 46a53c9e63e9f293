"""One run over a benchmark's photos: batches through the tower, answers from every gallery, kept part by part.

Finished parts are kept on disk: the same command after a kill at any point goes on behind the last whole part and ends
with the same bytes. Memory holds one batch, however many photos there are.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor
from tqdm import tqdm

from geoclip_core.earth.coordinates import Floats, unit_vectors
from geoclip_core.earth.distance import EARTH_RADIUS_KM
from geoclip_core.errors import DataError, GeoclipError, NoEvidenceError, PhotoError
from geoclip_core.evidence.clip import ClipSource
from geoclip_core.evidence.network import Network
from geoclip_core.files import digest, write_json
from geoclip_core.locate.candidates import MERGE_KM
from geoclip_core.locate.gallery import Gallery, load_gallery
from geoclip_core.locate.locator import Locator
from geoclip_core.photo.ahead import decoding_pool, grouped, made_ahead
from geoclip_core.photo.decode import open_photo
from geoclip_core.photo.preprocess import Pixels

PART = 64
"""Photos of a part: what a kill can lose at most."""

OWN = "own"
"""The gallery that the model came with."""

_HIDDEN = ("metadata", "caption")  # a benchmark asks what can be seen, not what the file says
_FORMAT = "photo run 1"


@dataclass(frozen=True)
class Run:
    """What is run.

    Attributes:
        locator: The model.
        galleries: Points that answers are chosen from, by label; the model's own is called ``own``.
        crops: 1 or 10.
        batch: Photos through the tower at a time.
    """

    locator: Locator
    galleries: Mapping[str, Gallery]
    crops: int
    batch: int

    @property
    def network(self) -> Network | None:
        """The model's image encoder; None where it does not look at pixels by vectors."""
        return next((source.network for source in self.locator.sources if isinstance(source, ClipSource)), None)

    def key(self, images: Sequence[str], paths: Sequence[Path | None]) -> str:
        """Digest of everything that the answers depend on, but for the photos' own bytes."""
        modules = [self.locator.encoder, *([self.network.image_encoder] if self.network else [])]
        weights = [
            value.detach().float().cpu().numpy()
            for module in modules
            if module is not None
            for value in module.state_dict().values()
        ]
        asked = json.dumps([list(images), [path is not None for path in paths], self.crops, self.batch])
        points = [array for name, g in self.galleries.items() for array in (name, g.latlon, g.weights)]
        return digest(_FORMAT, self.locator.name, asked, str(self.locator.scale), *weights, *points)


@dataclass(frozen=True)
class Answers:
    """Answers of one gallery.

    Attributes:
        latlon: (n, 2) degrees; NaN where a photo was not answered.
        confidence: (n,) probability within 25 km of the answer; 0 where there is none.
    """

    latlon: Floats
    confidence: Floats


def make_galleries(locator: Locator, points: Mapping[str, Floats]) -> dict[str, Gallery]:
    """Galleries of files under a model, encoded once and kept on disk; the model's own where none is given."""
    if not points:
        return {OWN: locator.gallery}
    return {
        name: locator.gallery if name == OWN else load_gallery(locator.encoder, np.asarray(latlon, np.float64))
        for name, latlon in points.items()
    }


def answer_photos(
    run: Run, images: Sequence[str], paths: Sequence[Path | None], folder: Path
) -> tuple[dict[str, Answers], dict[str, str]]:
    """Answers to all photos, going on where an earlier call stopped.

    Args:
        run: What is run.
        images: (n,) names.
        paths: (n,) files; None for an image that is not there.
        folder: For the parts; one of another run is refused.

    Returns:
        Answers by gallery, and by image why it has none, where it is there.

    Raises:
        DataError: The folder holds parts of another run, or a damaged one.
    """
    key = run.key(images, paths)
    mark = folder / "run.json"
    if mark.is_file() and json.loads(mark.read_text(encoding="utf-8")).get("key") != key:
        raise DataError(
            f"{folder} holds another run: another model, gallery, number of crops, batch or set of photos",
            hint="name another folder with --out, or delete this one",
        )
    write_json(mark, {"key": key})
    names = list(run.galleries)
    latlon = {name: np.full((len(images), 2), np.nan) for name in names}
    sure = {name: np.zeros(len(images)) for name in names}
    problems: dict[str, str] = {}
    starts = range(0, len(images), PART)
    with tqdm(total=sum(path is not None for path in paths), desc=run.locator.name, unit="photo") as bar:
        for number, start in enumerate(starts):
            rows = [i for i in range(start, min(start + PART, len(images))) if paths[i] is not None]
            file = folder / f"part-{number:05}.json"
            if not file.is_file():
                write_json(file, _part(run, rows, paths))
            part = _read_part(file, len(rows), names)
            for name in names:
                found = np.array(part["answers"][name], np.float64).reshape(-1, 3)
                latlon[name][rows], sure[name][rows] = found[:, :2], found[:, 2]
            problems |= {images[rows[int(i)]]: why for i, why in part["problems"].items()}
            bar.update(len(rows))
    return {name: Answers(latlon[name], sure[name]) for name in names}, problems


def _read_part(file: Path, count: int, names: Sequence[str]) -> dict[str, Any]:
    try:
        part: dict[str, Any] = json.loads(file.read_text(encoding="utf-8"))
        if any(len(part["answers"][name]) != count for name in names):
            raise ValueError("it holds another number of photos")
    except (OSError, ValueError, LookupError, TypeError) as error:
        raise DataError(f"{file} is damaged ({error})", hint="delete it; its photos are asked again") from error
    return part


def _part(run: Run, rows: Sequence[int], paths: Sequence[Path | None]) -> dict[str, Any]:
    """Answers of some photos as plain values: latitude, longitude, confidence by gallery; NaN is null."""
    network, names = run.network, list(run.galleries)
    answers: dict[str, list[list[float | None]]] = {name: [[None, None, 0.0]] * len(rows) for name in names}
    problems: dict[str, str] = {}
    files = [path for i in rows if (path := paths[i]) is not None]
    if network is None:
        for i, best in enumerate(run.locator.locate_many(files, without=_HIDDEN, top_k=1)):
            if isinstance(best, NoEvidenceError | PhotoError):
                problems[str(i)] = best.problem
                continue
            if isinstance(best, GeoclipError):
                raise best
            for name in names:
                answers[name][i] = [*best.candidates[0].latlon, best.candidates[0].probability]
        return {"answers": answers, "problems": problems}
    for seen, vectors in _vectors(network, files, run.crops, run.batch, problems):
        for name, gallery in run.galleries.items():
            for i, found in zip(seen, _nearest(vectors, gallery, run.locator.scale), strict=True):
                answers[name][i] = found
    return {"answers": answers, "problems": problems}


def _vectors(
    network: Network, files: Sequence[Path], crops: int, batch: int, problems: dict[str, str]
) -> Iterator[tuple[list[int], Tensor]]:
    """Indices of photos that could be read, and (b, d) means over their crops of vectors of length 1."""
    encoder, preprocess = network.image_encoder, network.preprocess
    assert encoder is not None
    assert preprocess is not None

    def view(i: int) -> tuple[int, Pixels | str]:
        try:
            image = open_photo(files[i]).image
        except PhotoError as error:
            return i, error.problem
        return i, preprocess.ten_crops(image) if crops == 10 else preprocess.pixels(image)[None]

    with decoding_pool() as pool:
        for made in made_ahead(grouped(range(len(files)), batch), view, pool):
            problems |= {str(i): views for i, views in made if isinstance(views, str)}
            good = [(i, views) for i, views in made if not isinstance(views, str)]
            if not good:
                continue
            with torch.inference_mode():
                pixels = torch.from_numpy(np.concatenate([views for _, views in good]))
                vectors = F.normalize(encoder(pixels).float(), dim=1)
            yield [i for i, _ in good], vectors.reshape(len(good), crops, -1).mean(1)


def _nearest(vectors: Tensor, gallery: Gallery, scale: float) -> list[list[float | None]]:
    """The most similar point for each vector, as retrieval in the papers takes it, and the probability around it."""
    found: list[list[float | None]] = []
    logs = torch.from_numpy(np.log(gallery.weights))
    with torch.inference_mode():
        for cosines in (vectors.to(gallery.vectors.device) @ gallery.vectors.T).cpu():
            best = int(cosines.argmax())
            chance = torch.softmax(cosines.double() * scale + logs, 0).numpy()
            lat, lon = (float(value) for value in gallery.latlon[best])
            chord = 2 * np.sin(MERGE_KM / EARTH_RADIUS_KM / 2)
            near = gallery.tree.query_ball_point(unit_vectors((lat, lon)), chord)
            found.append([lat, lon, float(min(1.0, chance[near].sum()))])
    return found
