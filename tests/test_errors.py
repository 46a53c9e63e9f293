from __future__ import annotations

import inspect
import pickle

import pytest

from geoclip_core import errors
from geoclip_core.errors import GeoclipError

ALL = [kind for _, kind in inspect.getmembers(errors, inspect.isclass) if issubclass(kind, GeoclipError)]


def test_the_module_holds_nothing_but_errors() -> None:
    assert len(ALL) >= 9
    assert all(kind.__doc__ for kind in ALL)


@pytest.mark.parametrize("kind", ALL)
def test_a_message_says_what_was_given_what_is_allowed_and_the_way_out(kind: type[GeoclipError]) -> None:
    error = kind("The latitude is 91", allowed="-90 to 90", hint="swap the columns")
    assert str(error) == "The latitude is 91. Allowed: -90 to 90. Try: swap the columns."
    assert (error.problem, error.allowed, error.hint) == ("The latitude is 91", "-90 to 90", "swap the columns")


@pytest.mark.parametrize("ending", [".", "?", "!", "\n"])
def test_a_sentence_that_has_ended_gets_no_second_full_stop(ending: str) -> None:
    assert str(GeoclipError(f"Nothing there{ending}")) == f"Nothing there{ending}"


@pytest.mark.parametrize("kind", ALL)
def test_errors_cross_a_process_border_whole(kind: type[GeoclipError]) -> None:
    error = pickle.loads(pickle.dumps(kind("a", allowed="b", hint="c")))
    assert type(error) is kind
    assert (error.problem, error.allowed, error.hint, str(error)) == ("a", "b", "c", "a. Allowed: b. Try: c.")


@pytest.mark.parametrize(
    ("kind", "builtin"),
    [
        ("CoordinateError", ValueError),
        ("RegionError", ValueError),
        ("PhotoError", ValueError),
        ("QueryError", ValueError),
        ("MissingWeightsError", FileNotFoundError),
        ("CacheError", OSError),
        ("MissingDependencyError", ImportError),
    ],
)
def test_errors_are_caught_by_the_builtin_that_people_know(kind: str, builtin: type[Exception]) -> None:
    with pytest.raises(builtin, match=r"^x\.$"):
        raise getattr(errors, kind)("x")
