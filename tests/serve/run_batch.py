"""A batch in a process of its own, for tests: ``python -m tests.serve.run_batch FOLDER OUT [SECONDS]``.

With seconds the system kills it so long after its model is there, however busy the machine is.
"""

from __future__ import annotations

import signal
import sys
from pathlib import Path

from geoclip_core.locate.load import load_locator
from geoclip_core.serve.batch import locate_batch
from geoclip_core.serve.photo_list import list_photos

if __name__ == "__main__":
    locator = load_locator("embedded")
    if len(sys.argv) > 3:
        signal.setitimer(signal.ITIMER_REAL, float(sys.argv[3]))
    locate_batch(locator, list_photos(sys.argv[1]), Path(sys.argv[2]), top_k=2)
