"""Lines of text in a photo, found and read by PP-OCRv6 (Apache-2.0) as the package rapidocr carries it."""

from __future__ import annotations

import functools
import logging
import re
import threading
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from PIL import Image

from geoclip_core.errors import MissingDependencyError
from geoclip_core.model.device import tiny_numbers_as_zeros
from geoclip_core.weights.registry import SIGN_READER
from geoclip_core.weights.resolve import packaged_file

SIDE_PX = 1024
"""Longer side of the picture that is read: smaller photos are enlarged, by ``MOST_ENLARGED`` at most."""

MOST_ENLARGED = 1.5
MOST_LINES = 48
"""Lines that are read at most, the tallest first: a page of print takes seconds, and says no more than its headline."""

LEAST_SCORE = 0.5
"""Mean probability of the characters of a line, below which it is not told: rapidocr's own default."""

_THREADS = min(2, torch.get_num_threads())  # torch has one (OMP_NUM_THREADS) in workers that share the processor
_GREEK = re.compile("[ΓΔΘΛΞΠΣΦΨΩα-ωά-ώ]")  # letters that Latin has not
_LOOK_ALIKE = str.maketrans("ABEHIKMNOPTXYZovu", "ΑΒΕΗΙΚΜΝΟΡΤΧΥΖονυ")


@dataclass(frozen=True)
class SignLine:
    """A line of text in a photo.

    Attributes:
        text: As read, in the order of reading.
        box: Its four corners in pixels of the upright photo, (x, y) from its upper left; the first is the upper left of
            the text as it is read, and they go on clockwise.
        score: Mean probability of its characters, 0 to 1.
    """

    text: str
    box: tuple[tuple[float, float], ...]
    score: float

    @property
    def height_px(self) -> float:
        """Length of its shorter sides, in pixels of the photo."""
        return _height(np.array(self.box))


def read_lines(image: Image.Image) -> tuple[SignLine, ...]:
    """The lines of text in a photo, from top to bottom.

    Args:
        image: An upright RGB picture of any size.

    Raises:
        MissingDependencyError: rapidocr or onnxruntime is not installed.
        WeightsError: A file of its model is missing or damaged.
    """
    engine, lock = _engine()
    longest = max(image.size)
    factor = min(MOST_ENLARGED, SIDE_PX / longest)
    size = (max(1, round(image.width * factor)), max(1, round(image.height * factor)))
    picture = image if size == image.size else image.resize(size, Image.Resampling.BICUBIC, reducing_gap=2.0)
    # The engine keeps state while it reads. Half of its time went to multiplying with subnormal numbers.
    with lock, tiny_numbers_as_zeros():
        found = engine(np.ascontiguousarray(np.asarray(picture)[..., ::-1]))
    if not getattr(found, "txts", None):
        return ()
    stretch = np.array([image.width / size[0], image.height / size[1]])
    boxes = np.asarray(found.boxes, np.float64) * stretch
    return tuple(
        SignLine(_in_greek(str(text)), tuple((float(x), float(y)) for x, y in box), float(score))
        for text, box, score in zip(found.txts, boxes, found.scores, strict=True)
    )


@functools.cache
def _engine() -> tuple[Any, threading.Lock]:
    """The reader, loaded once; nothing is downloaded, since the path of every file is given."""
    try:
        from omegaconf import flag_override
        from onnxruntime import InferenceSession, SessionOptions
        from rapidocr import RapidOCR
    except ImportError as error:
        raise MissingDependencyError(
            f"Reading text in photos needs {error.name}", hint='pip install "geoclip-core[signs]"'
        ) from error

    files: dict[str, Path] = {part: packaged_file(SIGN_READER, part) for part in ("detect", "turn", "read")}
    options = SessionOptions()
    options.log_severity_level = 4  # fatal errors alone
    options.intra_op_num_threads = _THREADS
    options.inter_op_num_threads = 1
    options.add_session_config_entry("session.set_denormal_as_zero", "1")
    # Waiting in a loop is no faster for one photo, and takes the processor's time from other work.
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")

    class Reader(RapidOCR):  # type: ignore[misc]  # it ships types that mypy is told not to follow
        """Reads the tallest lines only, with threads that take the tiniest numbers as zeros."""

        def detect_and_crop(self, img: npt.NDArray[np.uint8], op_record: dict[str, Any]) -> Any:
            crops, found = super().detect_and_crop(img, op_record)
            tallest = np.argsort([-_height(box) for box in found.boxes], kind="stable")[:MOST_LINES]
            kept = np.sort(tallest)
            found.boxes = found.boxes[kept]
            found.scores = [found.scores[i] for i in kept]
            return [crops[i] for i in kept], found

        def _load_det_model(self) -> Any:
            return self._loaded("Det", "detect") or super()._load_det_model()

        def _load_cls_model(self) -> Any:
            return self._loaded("Cls", "turn") or super()._load_cls_model()

        def _load_rec_model(self) -> Any:
            return self._loaded("Rec", "read") or super()._load_rec_model()

        def _loaded(self, section: str, part: str) -> Any:
            """The network of a step where it is loaded; else rapidocr is given a session to make it of."""
            network = getattr(self, f"text_{section.lower()}")
            if network is None:
                # Finding lines takes a quarter less where memory is kept for the next picture, about 250 MB; what
                # reading them took, which goes by their length, is given back.
                options.enable_cpu_mem_arena = part == "detect"
                with flag_override(self.cfg, "allow_objects", True):
                    self.cfg[section].session = InferenceSession(
                        str(files[part]), options, providers=["CPUExecutionProvider"]
                    )
            return network

    reader = Reader(
        params={
            "Global.log_level": "critical",
            "Global.text_score": LEAST_SCORE,
            "Global.max_side_len": 2 * SIDE_PX,
            "Det.limit_type": "max",
            "Det.limit_side_len": SIDE_PX,
        }
    )
    logging.getLogger("RapidOCR").setLevel(logging.CRITICAL)  # no word of a photo goes to a log
    return reader, threading.Lock()


def _in_greek(text: str) -> str:
    """Greek words in Greek letters: the reader takes those that look alike for Latin ones."""
    words = text.split(" ")
    return " ".join(word.translate(_LOOK_ALIKE) if _GREEK.search(word) else word for word in words)


def _height(box: npt.NDArray[np.floating[Any]]) -> float:
    sides = [float(np.hypot(*(box[i] - box[(i + 1) % 4]))) for i in range(4)]
    return min((sides[0] + sides[2]) / 2, (sides[1] + sides[3]) / 2)
