"""The service under load, on loopback: the rate it holds, how long answers take, memory, and twice the capacity.

The service is a process of its own, as a person starts it, and its clients are in this one. What is measured:

- **rate held**: as many clients as workers, each asking again as soon as it is answered;
- **p50 and p99** of their answers;
- **memory** of the service after the first tenth of the time against the end;
- **twice the capacity**: twice as many clients as workers and places in the queue: how many are answered, how many get
  429, and whether anything else happens;
- **equal answers**: every answer is compared with that of the same question asked alone.
"""

from __future__ import annotations

import asyncio
import io
import os
import socket
import subprocess
import sys
import time
from collections import Counter
from typing import Any

import httpx
import numpy as np
from PIL import Image

from training.benchmarks.load.figures import TEXTS, memory_mb, processor_s, summary

_START_SECONDS = 300.0


def questions() -> list[dict[str, Any]]:
    """Texts, and photos whose files state a position, as fields of a form."""
    asked: list[dict[str, Any]] = [{"data": {"text": text, "top_k": "3"}} for text in TEXTS]
    for number in range(4):
        exif = Image.Exif()
        exif.get_ifd(0x8825).update({1: "S", 2: (33.0 + number, 51.4, 0.0), 3: "E", 4: (151.0, 12.9, 0.0)})
        stream = io.BytesIO()
        noise = np.random.default_rng(number).integers(0, 255, (75, 100, 3), dtype=np.uint8)
        Image.fromarray(noise).resize((1600, 1200)).save(stream, "JPEG", exif=exif)
        asked.append({"files": {"photos": ("photo.jpg", stream.getvalue(), "image/jpeg")}})
    return asked


class Service:
    """A service as a process of its own.

    Args:
        workers: Questions at a time.
        queue: Questions that may wait.
    """

    def __init__(self, workers: int, queue: int) -> None:
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            port = probe.getsockname()[1]
        self.url = f"http://127.0.0.1:{port}"
        options = ["--model", "embedded", "--port", str(port), "--workers", str(workers), "--queue", str(queue)]
        self.process = subprocess.Popen(
            [sys.executable, "-m", "geoclip_core", "serve", *options],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            env=os.environ,
        )
        end = time.monotonic() + _START_SECONDS
        while time.monotonic() < end and self.process.poll() is None:
            try:
                if httpx.get(f"{self.url}/ready", timeout=5).status_code == 200:
                    return
            except httpx.TransportError:
                pass
            time.sleep(0.2)
        self.process.kill()
        raise SystemExit("The service did not become ready")

    def stop(self) -> float:
        """End it with a signal; returns the seconds that it took."""
        began = time.monotonic()
        self.process.terminate()
        self.process.wait(60)
        return time.monotonic() - began


async def _client(
    client: httpx.AsyncClient,
    asked: list[dict[str, Any]],
    alone: list[bytes],
    number: int,
    end: float,
    found: Counter[str],
    seconds: list[float],
) -> None:
    turn = number
    while time.monotonic() < end:
        which = turn % len(asked)
        turn += 1
        began = time.monotonic()
        try:
            reply = await client.post("/v1/locate", **asked[which])
        except httpx.TransportError:
            found["broken"] += 1
            continue
        found[str(reply.status_code)] += 1
        if reply.status_code == 200:
            seconds.append(time.monotonic() - began)
            found["different"] += reply.content != alone[which]
        elif reply.status_code == 429:
            await asyncio.sleep(0.2)  # a client that does not heed Retry-After, but is not mad either


async def _phase(service: Service, alone: list[bytes], clients: int, length_s: float) -> dict[str, Any]:
    found: Counter[str] = Counter()
    seconds: list[float] = []
    began, spent = time.monotonic(), processor_s(service.process.pid)
    limits = httpx.Limits(max_connections=clients)
    async with httpx.AsyncClient(base_url=service.url, timeout=120, limits=limits) as client:
        end = began + length_s
        asked = questions()
        await asyncio.gather(*(_client(client, asked, alone, i, end, found, seconds) for i in range(clients)))
    took, spent = time.monotonic() - began, processor_s(service.process.pid) - spent
    statuses = {key: count for key, count in sorted(found.items()) if key != "different"}
    return summary(clients, seconds, took, spent, found["different"]) | {"statuses": statuses}


def measure(minutes: float, workers: int, queue: int) -> dict[str, Any]:
    """Start a service, ask it, and end it.

    Args:
        minutes: Of the steady load; the overload takes a fifth of it besides.
        workers: Questions at a time.
        queue: Questions that may wait.

    Returns:
        The figures, as plain values.
    """
    service = Service(workers, queue)
    try:
        with httpx.Client(base_url=service.url, timeout=120) as client:
            alone = [client.post("/v1/locate", **asked).content for asked in questions()]
        first = asyncio.run(_phase(service, alone, workers, minutes * 6))
        memory = [memory_mb(service.process.pid)]
        steady = asyncio.run(_phase(service, alone, workers, minutes * 54))
        memory.append(memory_mb(service.process.pid))
        over = asyncio.run(_phase(service, alone, 2 * (workers + queue), minutes * 12))
        memory.append(memory_mb(service.process.pid))
    finally:
        stopped = service.stop()
    steps = zip(("first tenth", "the rest", "twice the capacity"), memory, strict=True)
    return {
        "workers": workers,
        "queue": queue,
        "first": first,
        "steady": steady,
        "twice_the_capacity": over,
        "memory_mb": dict(steps),
        "stop_s": stopped,
    }
