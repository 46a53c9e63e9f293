"""What set-up makes ahead: every table that a first question may ask for."""

from __future__ import annotations

import subprocess
import sys

import pytest

from tests.test_floors import ROOT

SPY = """
import geoclip_core.files as files
read, names = files._read, set()
files._read = lambda folder: (names.add(folder.name.rpartition("-")[0]), read(folder))[1]
from geoclip_core.page.tables import make_tables
make_tables()
print(*sorted(names))
"""


@pytest.mark.slow
def test_set_up_makes_every_table_that_a_first_question_may_ask_for() -> None:
    done = subprocess.run([sys.executable, "-c", SPY], cwd=ROOT, capture_output=True, text=True, check=True)
    assert set(done.stdout.split()) >= {"gazetteer", "language", "meaning", "divisions", "gallery_countries"}
