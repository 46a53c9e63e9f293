"""What a run was made of: code, data, versions and command."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

import torch


def provenance(data_digest: str) -> dict[str, Any]:
    """Git revision, digest of the data, versions of the libraries, and the command line.

    Args:
        data_digest: Digest of the pairs.

    Returns:
        Plain values, for ``run.json`` and the checkpoints.
    """
    import lightning

    return {
        "git": _git("rev-parse", "HEAD") or "unknown",
        "git_changes": bool(_git("status", "--porcelain", "--untracked-files=no")),
        "data": data_digest,
        "torch": str(torch.__version__),
        "lightning": lightning.__version__,
        "command": sys.argv[1:],
    }


def _git(*words: str) -> str:
    """Output of a git command in the folder of this code; empty where there is no git."""
    try:
        here = Path(__file__).resolve().parent
        done = subprocess.run(["git", *words], cwd=here, capture_output=True, text=True, check=True, timeout=20)
    except (OSError, subprocess.SubprocessError):
        return ""
    return done.stdout.strip()
