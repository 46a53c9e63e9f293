"""A model's calibration: a small JSON file beside it, made by ``training/evaluate.py calibrate``.

``format`` (1), ``model``, and ``kinds``: for each kind of evidence what was fitted, on what, when, and how it did on
data that were held out.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from types import MappingProxyType

from geoclip_core.errors import DataError
from geoclip_core.evaluation.calibration import Bin
from geoclip_core.files import write_json

FORMAT = 1
FILE = "calibration.json"
"""Its name in the folder of a model that was exported."""


@dataclass(frozen=True)
class Part:
    """How calibrated answers did on a part of the questions.

    Attributes:
        name: Such as Africa.
        questions: How many.
        said: Mean confidence, in [0, 1].
        right: Share that was right, in [0, 1].
        ece: Expected calibration error.
        ece_by_chance: Its mean for a perfectly calibrated system at this number of questions.
    """

    name: str
    questions: int
    said: float
    right: float
    ece: float
    ece_by_chance: float


@dataclass(frozen=True)
class KindCalibration:
    """How answers that rest on one kind of evidence are calibrated.

    Attributes:
        temperature: Above 0; weights of alternatives are raised to its inverse.
        prior_share: In [0, 1), the probability of "could be anywhere people take photos".
        of: What was asked, in words for a sentence, such as "texts".
        data: Names of the data.
        questions: How many.
        groups: How many groups, such as photographers, they were split by; questions, where each is its own.
        date: Day of the fit, ISO 8601.
        right: What counted as right, in words.
        table: Reliability on held-out data, by rising confidence.
        ece: Expected calibration error on held-out data.
        ece_before: The same as the model was.
        ece_by_chance: Of a perfectly calibrated system at this number of questions: mean, and 95 % stay below.
        coverage: Share of truths in the regions that hold 50 and 90 %, by the level in percent.
        log_likelihood: Mean natural logarithm of the probability of the held-out outcomes, that the first place was
            right or wrong: before, after.
        log_density: Mean natural logarithm of the density at held-out truths, per km2: before, after.
        parts: Figures of parts of the questions, held out as well: by continent, for one.
        kept: In [0, 1], the share of its own weight that each alternative keeps beside the tempered one; 0 where no
            score is hand-made, see ``tempering.py``.
    """

    temperature: float
    prior_share: float
    of: str
    data: str
    questions: int
    groups: int
    date: str
    right: str
    table: tuple[Bin, ...]
    ece: float
    ece_before: float
    ece_by_chance: tuple[float, float]
    coverage: Mapping[str, float]
    log_likelihood: tuple[float, float]
    log_density: tuple[float, float] = (0.0, 0.0)
    parts: Mapping[str, tuple[Part, ...]] = field(default_factory=dict)
    kept: float = 0.0

    def sentence(self, probability: float) -> str:
        """How far a confidence can be trusted, from the held-out answers that were about as sure.

        Args:
            probability: Of the first place, in [0, 1].
        """
        near = min(self.table, key=lambda b: abs(b.said - probability))
        return (
            f"This is calibrated: on {self.questions:,} {self.of}, {100 * near.said:.0f} % meant right in "
            f"{100 * near.right:.0f} %"
        )


@dataclass(frozen=True)
class Calibration:
    """All that was measured of a model.

    Attributes:
        model: Its name.
        kinds: By kind of evidence, such as ``visual``, ``text`` or ``text: exact``.
    """

    model: str
    kinds: Mapping[str, KindCalibration]

    def of(self, family: str) -> KindCalibration | None:
        """Of a family such as ``text: exact``: its own, else that of all of its kind, else None."""
        return self.kinds.get(family) or self.kinds.get(family.partition(":")[0])


def write_calibration(path: Path, calibration: Calibration) -> None:
    """Write the file, whole or not at all."""
    kinds = {
        name: asdict(replace(kind, coverage=dict(kind.coverage), parts=dict(kind.parts)))
        for name, kind in calibration.kinds.items()
    }
    write_json(path, {"format": FORMAT, "model": calibration.model, "kinds": kinds})


def read_calibration(path: Path) -> Calibration:
    """Read the file.

    Raises:
        DataError: It cannot be read, is of another format, or holds an impossible number.
    """
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
        if content["format"] != FORMAT:
            raise ValueError(f"its format is {content['format']!r}, not {FORMAT}")
        kinds = {}
        for name, values in content["kinds"].items():
            values = dict(values)
            values["table"] = tuple(Bin(**row) for row in values["table"])
            values["coverage"] = MappingProxyType(dict(values["coverage"]))
            values["ece_by_chance"] = tuple(values["ece_by_chance"])
            for pair in ("log_likelihood", "log_density"):
                values[pair] = tuple(values.get(pair, (0.0, 0.0)))
            rows = values.get("parts", {}).items()
            values["parts"] = MappingProxyType({what: tuple(Part(**row) for row in parts) for what, parts in rows})
            kind = KindCalibration(**values)
            if not (kind.temperature > 0 and 0 <= kind.prior_share < 1 and 0 <= kind.kept <= 1 and kind.table):
                shares = f"shares {kind.prior_share} and {kind.kept}"
                raise ValueError(f"{name} has temperature {kind.temperature} and {shares}")
            kinds[name] = kind
        return Calibration(str(content["model"]), MappingProxyType(kinds))
    except (OSError, ValueError, LookupError, TypeError, AttributeError) as error:
        raise DataError(
            f"{path} is no calibration of a model ({error})",
            hint="make it again with training/evaluate.py calibrate, or delete it",
        ) from error
