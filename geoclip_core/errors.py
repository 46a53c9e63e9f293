"""Every failure a caller can act on.

Each message is composed of what was given, what is allowed and what to try, so that a person who reads
only the last line of a terminal, or a red box on the page, knows what to do next.
"""

from __future__ import annotations

from typing import Any

_LONGEST_QUOTE = 80


def quoted(given: str) -> str:
    """What somebody typed as a message repeats it: in quotation marks, its beginning only where it is long."""
    return repr(given if len(given) <= _LONGEST_QUOTE else f"{given[:_LONGEST_QUOTE]}...")


class GeoclipError(Exception):
    """Base of all errors raised on purpose by this package.

    Args:
        problem: One sentence that says what went wrong and what was given.
        allowed: What would have been accepted, without a full stop at the end.
        hint: What the reader can do now, without a full stop at the end.
    """

    def __init__(self, problem: str, *, allowed: str | None = None, hint: str | None = None) -> None:
        self.problem = problem
        self.allowed = allowed
        self.hint = hint
        parts = [problem if problem.endswith((".", "?", "!", "\n")) else problem + "."]
        if allowed:
            parts.append(f"Allowed: {allowed}.")
        if hint:
            parts.append(f"Try: {hint}.")
        super().__init__(" ".join(parts))

    def __reduce__(self) -> tuple[object, ...]:
        """Keep the composed parts when the error crosses a process border."""
        return (_rebuild, (type(self), self.problem, self.allowed, self.hint))


def _rebuild(kind: type[GeoclipError], problem: str, allowed: str | None, hint: str | None) -> GeoclipError:
    return kind(problem, allowed=allowed, hint=hint)


class CoordinateError(GeoclipError, ValueError):
    """A latitude, longitude, box or radius that is not on Earth."""


class RegionError(GeoclipError, ValueError):
    """A region restriction that cannot be read, or that holds nothing."""


class PhotoError(GeoclipError, ValueError):
    """A photo that cannot be decoded safely."""


class QueryError(GeoclipError, ValueError):
    """A question that cannot be asked: no photo and no text, a text too long, a setting out of range."""


class DeviceError(QueryError):
    """A device that is not on this machine."""


class NoEvidenceError(GeoclipError):
    """The model has nothing to go by, and says so instead of guessing.

    Attributes:
        reports: Every source that was asked, as ``evidence.source.Report``, with what it read.
    """

    reports: tuple[Any, ...] = ()


class WeightsError(GeoclipError):
    """Weights that are damaged, of the wrong shape, or not what the registry says they are."""


class MissingWeightsError(WeightsError, FileNotFoundError):
    """Weights that are not on this machine; the message lists where was looked and the ways out."""


class CacheError(GeoclipError, OSError):
    """The cache folder cannot be read or written."""


class MissingDependencyError(GeoclipError, ImportError):
    """An optional package is needed for what was asked."""


class DataError(GeoclipError, ValueError):
    """Pairs of photo and place that cannot be read, or that leave nothing to train on."""


class TrainingError(GeoclipError):
    """A run that cannot start, go on or be resumed."""
