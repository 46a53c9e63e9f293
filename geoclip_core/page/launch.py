"""Starts the page: ``python -m geoclip_core app``, from any folder, also from an installed package."""

from __future__ import annotations

import argparse
import errno
import socket
import sys
from collections.abc import Sequence
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from geoclip_core.errors import GeoclipError, MissingDependencyError, QueryError

SCRIPT = Path(__file__).with_name("entry") / "script.py"
"""What Streamlit runs at every visit; its settings are in ``.streamlit/config.toml`` beside it."""

_NEEDED = ("streamlit", "streamlit_folium", "folium")
_USUAL_ADDRESS = "localhost"


def run(arguments: Sequence[str] = ()) -> None:
    """Serve the page until it is interrupted, and open it in a browser.

    Args:
        arguments: Options as on the command line; ``--help`` lists them.

    Raises:
        MissingDependencyError: Streamlit or folium is not installed.
        GeoclipError: The port that was asked for is taken.
        QueryError: The port is no port.
        SystemExit: The options cannot be read (exit code 2), or help was asked for.
    """
    options = _parser().parse_args(list(arguments))
    missing = [name for name in _NEEDED if find_spec(name) is None]
    if missing:
        raise MissingDependencyError(
            f"The page needs {' and '.join(missing)}, not installed here",
            hint='pip install "geoclip-core[app]"',
        )
    _check_port(options.address or _USUAL_ADDRESS, options.port)
    settings: dict[str, Any] = {
        "server.address": options.address,
        "server.port": options.port,
        "server.headless": options.headless or None,
    }
    # Streamlit takes the script's folder, and the script's own options, from the command line.
    sys.argv = [str(SCRIPT), *(["--demo"] if options.demo else [])]

    from geoclip_core.page.server import application

    application().run(config={name: value for name, value in settings.items() if value is not None})


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        "python -m geoclip_core app", description="Open the page in a browser. It answers this machine only."
    )
    parser.add_argument("--port", type=int, help="port to listen on; without it, the first free one from 8501")
    parser.add_argument("--address", help="address to listen on; others can reach anything but localhost")
    parser.add_argument("--headless", action="store_true", help="open no browser")
    parser.add_argument("--demo", action="store_true", help="for public hosting: limits uploads, offers no download")
    return parser


def _check_port(address: str, port: int | None) -> None:
    """Find out before the start whether a port is free; Streamlit looks for a free one where none is given."""
    if port is None:
        return
    if not 1 <= port <= 65535:
        raise QueryError(f"The port is {port}", allowed="1 to 65535", hint="leave --port out: a free one is chosen")
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    try:
        socket.create_server((address, port), family=family).close()
    except OSError as error:
        taken = error.errno == errno.EADDRINUSE
        reason = "another program listens there" if taken else error.strerror or str(error)
        raise GeoclipError(
            f"The page cannot listen on port {port} of {address}: {reason}",
            hint="another --port, or leave it out: a free one is chosen",
        ) from error
