"""Tables of points as people write them, and what is said of the others."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from geoclip_core.earth.points import read_points, read_rows
from geoclip_core.errors import CoordinateError, GeoclipError


@pytest.mark.parametrize("header", ["latitude,longitude", "LAT,LON", "\ufeff lat ,Lng", "lat,long"])
def test_columns_are_found_by_their_usual_names(tmp_path: Path, header: str) -> None:
    (tmp_path / "a.csv").write_text(f"{header},name\n29.979,31.134,Giza\n42.36,188.94,far east\n", encoding="utf-8")
    rows, points = read_rows(tmp_path / "a.csv")
    assert [row["name"] for row in rows] == ["Giza", "far east"]
    assert points.tolist() == [[29.979, 31.134], [42.36, -171.06]]
    np.save(tmp_path / "a.npy", points)
    assert np.array_equal(read_points(tmp_path / "a.npy"), read_points(tmp_path / "a.csv"))


@pytest.mark.parametrize(
    ("content", "kind", "says"),
    [
        ("a,b\n1,2\n", GeoclipError, "has no column latitude, longitude; its columns are a, b"),
        ("lat\n1\n", GeoclipError, "has no column longitude"),
        ("", GeoclipError, r"its columns are \(none\)"),
        ("lat,lon\n", GeoclipError, "has no rows"),
        ("lat,lon\n1,2\n1,x\n", CoordinateError, "line 3: '1', 'x' are not numbers"),
        ("lat,lon\n1\n", CoordinateError, "line 2: '1', None"),
        ("lat,lon\n120,10\n", CoordinateError, "swapped"),
    ],
)
def test_other_tables_are_refused_with_the_reason(
    tmp_path: Path, content: str, kind: type[GeoclipError], says: str
) -> None:
    (tmp_path / "a.csv").write_text(content)
    with pytest.raises(kind, match=says):
        read_points(tmp_path / "a.csv")


def test_files_that_are_not_there_or_no_tables_are_named(tmp_path: Path) -> None:
    for name in ("no.csv", "no.npy"):
        with pytest.raises(GeoclipError, match=rf"{name} cannot be read.*check the path"):
            read_points(tmp_path / name)
    (tmp_path / "latin.csv").write_bytes("lat,lon\n1,é\n".encode("latin-1"))
    with pytest.raises(GeoclipError, match="cannot be read as CSV"):
        read_points(tmp_path / "latin.csv")
    (tmp_path / "text.npy").write_text("lat,lon")
    with pytest.raises(GeoclipError, match="cannot be read as an array"):
        read_points(tmp_path / "text.npy")
