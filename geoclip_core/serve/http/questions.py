"""From the fields of a request to a question, and from an answer to what is sent. Runs in the workers."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Annotated, Any, BinaryIO

from fastapi import File, Form, UploadFile

from geoclip_core.earth.regions import parse_region
from geoclip_core.errors import GeoclipError, NoEvidenceError
from geoclip_core.export.photo_columns import photo_dict
from geoclip_core.files import read_at_most
from geoclip_core.locate.answer import Answer
from geoclip_core.locate.candidates import MERGE_KM
from geoclip_core.locate.locator import Locator
from geoclip_core.locate.many.settings import AnswerSettings
from geoclip_core.photo.decode import Photo, open_photo
from geoclip_core.photo.exif import read_exif
from geoclip_core.photo.limits import MAX_BYTES, MAX_PHOTOS
from geoclip_core.serve.http.problems import fault, refusal

Photos = Annotated[list[UploadFile] | None, File(description="photos of one place")]
Text = Annotated[str | None, Form(description="a place name or a description", examples=["Pyramids of Giza"])]
TopK = Annotated[int, Form(description="number of distinct places", ge=1, le=100)]
RegionText = Annotated[
    str | None,
    Form(description="FR, 'FR,DE', EU, south,west,north,east or lat,lon,radius_km", examples=["EG"]),
]
MergeKm = Annotated[float, Form(description="points nearer than this are one place", ge=0, le=20_000)]


@dataclass(frozen=True)
class Question:
    """What a request asks.

    Attributes:
        files: The uploaded photos, open.
        text: The text.
        top_k: Number of places.
        region: Restriction.
        merge_km: See ``Locator.locate``.
    """

    files: tuple[BinaryIO, ...]
    text: str | None = None
    top_k: int = 5
    region: str | None = None
    merge_km: float = MERGE_KM

    def ask(self, locator: Locator, count_photos: Callable[[int], None]) -> Answer:
        """Answer it.

        Raises:
            Refused: There is no answer; what the photos say is told all the same.
        """
        photos: list[Photo] = []
        with refusing(photos):
            if len(self.files) <= MAX_PHOTOS:  # else the locator says how many it takes
                photos += [open_photo(data, pixels_needed=False) for data in self._data()]
                count_photos(len(photos))
            given: Sequence[Any] = photos if len(self.files) <= MAX_PHOTOS else self.files
            return locator.locate(given or None, self.text, self.top_k, self.region, merge_km=self.merge_km)

    def _data(self) -> list[bytes]:
        # One byte more than is allowed is enough for the decoder to refuse.
        return [read_at_most(file, MAX_BYTES + 1) for file in self.files]


@contextmanager
def refusing(photos: Sequence[Photo] = ()) -> Iterator[None]:
    """Turn an error of what is done inside into what the client is told.

    Args:
        photos: What their files say is told too where there is no evidence; it may still grow inside.

    Raises:
        Refused: In place of any error of this package.
    """
    try:
        yield
    except NoEvidenceError as error:
        raise refusal(error, [photo_dict(read_exif(photo)) for photo in photos]) from error
    except GeoclipError as error:
        raise refusal(error) from error


def each_photo(
    locator: Locator,
    files: Sequence[BinaryIO],
    top_k: int,
    region: str | None,
    merge_km: float,
    count_photos: Callable[[int], None],
) -> list[dict[str, Any]]:
    """Every photo as a question of its own, all on one path; one that cannot be answered does not spoil the others."""
    try:
        settings = AnswerSettings(top_k, parse_region(region) if region is not None else None, merge_km)
    except GeoclipError as error:
        return [{"number": number, "answer": None, **refusal(error).body} for number in range(1, len(files) + 1)]
    results = []
    # One byte more than is allowed is enough for the decoder to refuse.
    outcomes = locator.outcomes((read_at_most(file, MAX_BYTES + 1) for file in files), settings)
    for number, outcome in enumerate(outcomes, start=1):
        count_photos(outcome.exif is not None)
        answer: dict[str, Any] | None = None
        problem: dict[str, Any] = {"problem": None, "allowed": None, "hint": None, "photos": []}
        if isinstance(outcome.result, Answer):
            answer = outcome.result.to_dict()
        elif outcome.result.__cause__ is not None and type(outcome.result) is GeoclipError:
            problem = fault(outcome.result.__cause__).body  # told beside the answers to the others
        else:
            says = [photo_dict(outcome.exif)] if outcome.exif is not None else []
            problem = refusal(outcome.result, says if isinstance(outcome.result, NoEvidenceError) else ()).body
        results.append({"number": number, "answer": answer, **problem})
    return results


def opened(photos: Sequence[UploadFile] | None) -> tuple[BinaryIO, ...]:
    """The files of the uploads."""
    return tuple(photo.file for photo in photos or ())


def as_json(value: Any) -> bytes:
    """JSON as bytes; made in a worker, since long answers take their time."""
    return json.dumps(value, ensure_ascii=False, allow_nan=False).encode("utf-8", "backslashreplace")
