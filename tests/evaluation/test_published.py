"""Published rows: each parses, rises with the distance and has a source; those recalled are not printed."""

from __future__ import annotations

from geoclip_core.evaluation.published import BENCHMARKS, PUBLISHED, published_on


def test_every_row_has_a_source_and_shares_that_rise():
    assert len(PUBLISHED) > 40
    for row in PUBLISHED:
        assert row.benchmark in BENCHMARKS
        assert row.source
        assert list(row.shares) == sorted(row.shares)
        assert 0 <= row.shares[0] <= row.shares[-1] <= 100


def test_the_papers_row_and_both_of_the_lightning_re_implementation_are_there():
    rows = {row.system: row.shares for row in published_on("im2gps3k")}
    assert rows["GeoCLIP"] == (14.11, 34.47, 50.65, 69.67, 83.82)
    lightning = [row.shares[0] for row in published_on("yfcc4k") if "Lightning" in row.system]
    assert lightning == [1.21, 1.87]


def test_recalled_rows_are_not_printed_as_published():
    assert any(row.recalled for row in PUBLISHED)
    assert not any(row.recalled for name in BENCHMARKS for row in published_on(name))
