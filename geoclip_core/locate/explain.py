"""Which parts of a photo an answer rests on.

The score that is explained is the logarithm of the probability that the photo alone gives to one point,
against all points of the gallery (in the region, if there is one): ``s cos(v, x) - log sum_g m_g exp(s cos(v, g))``.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Literal, get_args

import numpy as np
import numpy.typing as npt
import torch
import torch.nn.functional as F
from PIL import Image
from torch import Tensor

from geoclip_core.earth.coordinates import check_latlon
from geoclip_core.errors import NoEvidenceError, QueryError
from geoclip_core.files import Progress
from geoclip_core.locate.answer import Answer
from geoclip_core.locate.load import FULL_MODEL_HINT
from geoclip_core.locate.locator import Locator
from geoclip_core.model.attention import attention_times_gradient
from geoclip_core.model.encode import encode_points
from geoclip_core.model.image_encoder import ImageEncoder
from geoclip_core.photo.decode import Photo, PhotoSource, open_photo
from geoclip_core.photo.preprocess import Preprocess

Method = Literal["occlusion", "gradient"]
Box = tuple[float, float, float, float]
Weights = npt.NDArray[np.float32]

BATCH = 4
"""Pictures that are encoded at a time, and between two chances to cancel: a few seconds on a slow machine."""

_SQUARES = 4  # hidden squares side by side across the picture; they overlap by half
_FOR, _AGAINST = (230, 120, 20), (40, 90, 200)  # orange and blue, which colour-blind people tell apart
_STRONGEST_ALPHA = 0.7
_OUTSIDE = 0.4  # brightness of what the model does not see


@dataclass(frozen=True, eq=False)
class PhotoExplanation:
    """What each patch of a photo did for one place.

    Attributes:
        weights: (h, w) float32 in [-1, 1], one per patch of the square that the model sees, from its top left.
            Above 0 the patch is evidence for the place, below 0 against it; the largest is 1 or -1, unless all are 0.
        strongest: What a weight of 1 stands for: by how much the log probability falls (natural logarithm).
        box: (left, top, right, bottom) of that square in pixels of the upright photo.
        method: How it was measured.
        target_latlon: The place, degrees.
    """

    weights: Weights
    strongest: float
    box: Box
    method: Method
    target_latlon: tuple[float, float]

    def overlay(self, photo: PhotoSource | Photo, longest_px: int = 1600) -> Image.Image:
        """The photo in grey with the weights laid over it: orange is evidence for the place, blue against it.

        Args:
            photo: The same photo.
            longest_px: The longer side of the result at most.

        Returns:
            RGB. What the model does not see is dimmed.
        """
        image = (photo if isinstance(photo, Photo) else open_photo(photo)).image
        shrink = min(1.0, longest_px / max(image.size))
        size = (max(1, round(image.width * shrink)), max(1, round(image.height * shrink)))
        grey = image.resize(size, Image.Resampling.LANCZOS).convert("L").convert("RGB")  # its own blue would mislead
        shown = np.asarray(grey, dtype=np.float32)
        left, top, right, bottom = (round(edge * shrink) for edge in self.box)
        right, bottom = min(max(right, left + 1), size[0]), min(max(bottom, top + 1), size[1])
        drawn = shown * _OUTSIDE
        smooth = Image.fromarray(self.weights).resize((right - left, bottom - top), Image.Resampling.BICUBIC)
        weight = np.clip(np.asarray(smooth), -1, 1)[..., None]
        alpha = _STRONGEST_ALPHA * np.abs(weight)
        colour = np.where(weight > 0, np.array(_FOR, np.float32), np.array(_AGAINST, np.float32))
        drawn[top:bottom, left:right] = shown[top:bottom, left:right] * (1 - alpha) + colour * alpha
        return Image.fromarray(np.rint(drawn).astype(np.uint8))


def explains(locator: Locator) -> bool:
    """Whether a model looks at photos through CLIP, so that :func:`explain_photo` can tell their parts apart."""
    return _vision(locator) is not None


def _vision(locator: Locator) -> tuple[ImageEncoder, Preprocess] | None:
    """The network that can be explained, of the first source that has one."""
    return next((source.image_encoder for source in locator.sources if source.image_encoder is not None), None)


def explain_photo(
    locator: Locator,
    photo: PhotoSource | Photo,
    answer: Answer,
    *,
    method: Method = "occlusion",
    target: tuple[float, float] | None = None,
    progress: Progress | None = None,
) -> PhotoExplanation:
    """Which parts of a photo are evidence for a place.

    ``occlusion`` hides overlapping squares behind the mean colour, one after another, and gives each patch the
    mean fall of the log probability over the squares that hid it: slow and direct. ``gradient`` multiplies
    attention with the gradient in CLIP's last blocks: one pass, to first order.

    Args:
        locator: The full model that gave the answer.
        photo: One of its photos; its central square is looked at.
        answer: The answer, for its best place and its region.
        method: See above.
        target: Another place, such as that of the second candidate, degrees.
        progress: Told how many passes are done, and how many there are. An error that it raises ends the work.

    Raises:
        NoEvidenceError: The model does not look at photos through CLIP.
        QueryError: An unknown method.
        PhotoError: A photo that cannot be decoded.
        CoordinateError: A target that is not on Earth.
    """
    if method not in get_args(Method):
        raise QueryError(f"There is no method of explanation called {method!r}", allowed=", ".join(get_args(Method)))
    vision = _vision(locator)
    if vision is None:
        raise NoEvidenceError(
            f"The model {locator.name} does not look at photos through CLIP, whose patches could be told apart",
            hint=FULL_MODEL_HINT,
        )
    network, preprocess = vision
    opened = photo if isinstance(photo, Photo) else open_photo(photo)
    lat, lon = check_latlon(answer.candidates[0].latlon if target is None else target, name="target").reshape(2)
    place = (float(lat), float(lon))
    score = _score(locator, answer, place)
    pixels = torch.from_numpy(preprocess.pixels(opened.image))
    if method == "gradient":
        if progress:
            progress(0, 1)
        fall = attention_times_gradient(network.tower, pixels[None], lambda seen: score(network.mlp(seen)))
        if progress:
            progress(1, 1)
    else:
        patch = next(iter(network.tower.conv1.kernel_size))  # type: ignore[union-attr,arg-type]
        fall = _occlusion(lambda batch: score(network(batch)), pixels, int(patch), progress)
    strongest = float(np.abs(fall).max())
    weights = fall / np.float32(strongest) if strongest > 0 else np.zeros_like(fall)
    return PhotoExplanation(weights, strongest, crop_box(opened.size, preprocess.size), method, place)


def crop_box(size: tuple[int, int], side: int) -> Box:
    """The part of a photo that :meth:`Preprocess.pixels` keeps.

    Args:
        size: Width and height of the photo.
        side: Side of the square that the network sees.

    Returns:
        (left, top, right, bottom) in pixels of the photo.
    """
    width, height = size
    short = min(size)
    small = [side if edge == short else int(side * edge / short) for edge in size]
    left, top = ((edge - side) // 2 for edge in small)
    across, down = width / small[0], height / small[1]
    return left * across, top * down, (left + side) * across, (top + side) * down


def _score(locator: Locator, answer: Answer, latlon: tuple[float, float]) -> Callable[[Tensor], Tensor]:
    """From (n, d) vectors of photos to (n,) log probabilities of a point, differentiable."""
    gallery, region = locator.gallery, answer.query.region
    rows = np.arange(len(gallery)) if region is None else np.flatnonzero(region.contains(gallery.latlon))
    if not len(rows):
        rows = np.arange(len(gallery))
    points = gallery.vectors if len(rows) == len(gallery) else gallery.vectors[torch.from_numpy(rows)]
    counts = torch.from_numpy(np.log(gallery.weights[rows])).to(points)
    target = encode_points(locator.encoder, [latlon])[0].clone().to(points)  # a clone may take part in gradients

    def score(vectors: Tensor) -> Tensor:
        unit = F.normalize(vectors.float(), dim=1)
        all_logits = (unit @ points.T).mul_(locator.scale).add_(counts)
        return locator.scale * (unit @ target) - torch.logsumexp(all_logits, dim=1)

    return score


def squares(height: int, width: int) -> list[tuple[slice, slice]]:
    """Overlapping squares that cover a grid of patches: a quarter of it wide, half of that apart."""
    side = max(1, min(height, width) // _SQUARES)
    step = max(1, side // 2)
    starts = [sorted({*range(0, length - side, step), length - side}) for length in (height, width)]
    return [(slice(y, y + side), slice(x, x + side)) for y in starts[0] for x in starts[1]]


def _occlusion(score: Callable[[Tensor], Tensor], pixels: Tensor, patch: int, progress: Progress | None) -> Weights:
    """Mean fall of a score, per patch, over the squares that hide it."""
    height, width = pixels.shape[1] // patch, pixels.shape[2] // patch
    chosen = squares(height, width)
    scores: list[float] = []
    total = len(chosen) + 1
    with torch.inference_mode():
        for batch in _batches(pixels, chosen, patch):
            scores += score(batch).tolist()
            if progress:
                progress(len(scores), total)
    fall, seen = np.zeros((height, width)), np.zeros((height, width))
    for square, value in zip(chosen, scores[1:], strict=True):
        fall[square] += scores[0] - value
        seen[square] += 1
    return (fall / seen).astype(np.float32)


def _batches(pixels: Tensor, chosen: list[tuple[slice, slice]], patch: int) -> Iterator[Tensor]:
    """The picture, then the picture with each square hidden; 0 is the mean colour of normalised pixels."""
    pictures: list[tuple[slice, slice] | None] = [None, *chosen]
    for start in range(0, len(pictures), BATCH):
        part = pictures[start : start + BATCH]
        batch = pixels.repeat(len(part), 1, 1, 1)
        for picture, square in zip(batch, part, strict=True):
            if square is not None:
                rows, columns = (slice(s.start * patch, s.stop * patch) for s in square)
                picture[:, rows, columns] = 0.0
        yield batch
