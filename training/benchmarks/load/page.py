"""The page under load, on loopback: visitors who ask texts, without a browser for each, which would take the cores.

A visitor speaks what the page's scripts speak in a browser: Streamlit's messages over a websocket. What a browser
draws of them is not measured here (``training/benchmarks/page.py`` does).
"""

from __future__ import annotations

import asyncio
import itertools
import json
import re
import time
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any

from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.ClientState_pb2 import ClientState
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import WebSocketException

from geoclip_core.page import texts
from training.benchmarks.load.figures import TEXTS, memory_mb, processor_s, summary
from training.benchmarks.page import served_by

if TYPE_CHECKING:
    from streamlit.proto.Element_pb2 import Element

FEW, MANY = 2, 8
_PATIENCE_S = 300.0  # the first visit may build the caches


class LostError(Exception):
    """The server no longer answers a visitor, or answers with a failure."""


class Visitor:
    """One visitor of the page.

    Args:
        socket: Connected with the server.
    """

    def __init__(self, socket: ClientConnection) -> None:
        self._socket = socket
        self._query, self._box = "", ""  # the address, and the id of the line that takes a text

    async def see(self) -> list[str]:
        """Wait for the page as it is without a question; what it says."""
        return await self._run(ClientState())

    async def ask(self, text: str) -> list[str]:
        """Ask a text and wait for its answer.

        Returns:
            What the page says then, part by part, and what its map draws.

        Raises:
            LostError: There was no answer.
        """
        state = ClientState(query_string=self._query)
        state.widget_states.widgets.add(id=self._box, string_value=text)
        return await self._run(state)

    async def _run(self, state: ClientState) -> list[str]:
        try:
            async with asyncio.timeout(_PATIENCE_S):
                await self._socket.send(BackMsg(rerun_script=state).SerializeToString())
                return await self._told()
        except (WebSocketException, OSError, TimeoutError) as error:
            raise LostError(repr(error)) from error

    async def _told(self) -> list[str]:
        """Take messages in until the page is complete."""
        parts: dict[tuple[int, ...], str] = {}
        while True:
            received = ForwardMsg()
            received.ParseFromString(await self._socket.recv(decode=False))
            kind = received.WhichOneof("type")
            if kind == "new_session":
                parts.clear()
            elif kind == "page_info_changed":
                self._query = received.page_info_changed.query_string
            elif kind == "delta" and received.delta.WhichOneof("type") == "new_element":
                element = received.delta.new_element
                if element.text_input.label == texts.DESCRIBE:
                    self._box = element.text_input.id
                parts[tuple(received.metadata.delta_path)] = _words(element)
            elif kind == "script_finished":
                if received.script_finished == ForwardMsg.FINISHED_SUCCESSFULLY:
                    return [part for _, part in sorted(parts.items()) if part]
                if received.script_finished != ForwardMsg.FINISHED_EARLY_FOR_RERUN:
                    raise LostError("the page could not be made")


@asynccontextmanager
async def visiting(address: str) -> AsyncIterator[Visitor]:
    """A visitor who has seen the page.

    Args:
        address: Of the page, such as ``http://localhost:8501``.

    Raises:
        LostError: There is no page.
    """
    stream = address.replace("http", "ws", 1) + "/_stcore/stream"
    try:
        socket = await connect(stream, max_size=None, open_timeout=_PATIENCE_S, ping_timeout=None)
    except (WebSocketException, OSError) as error:
        raise LostError(repr(error)) from error
    async with socket:
        visitor = Visitor(socket)
        await visitor.see()
        yield visitor


def _words(element: Element) -> str:
    """What a part of the page says; of the map what it draws. Not what depends on a visitor's earlier questions."""
    match element.WhichOneof("type"):
        case "markdown" | "heading" | "alert" as kind:
            body = str(getattr(element, kind).body)
            return body if body != texts.COMPARE_LATER else ""
        case "button":
            return str(element.button.label)
        case "exception":
            raise LostError(element.exception.message)
        case "component_instance":
            script = json.loads(element.component_instance.json_args).get("feature_group") or ""
            drawn = re.search(r"drawAnswer\(feature_group_feature_group_0, (\{.*\})\);", script)
            answer: dict[str, Any] = json.loads(drawn[1]) if drawn else {}
            return json.dumps({name: value for name, value in answer.items() if name != "fly_count"})
    return ""


async def answers(address: str, asked: tuple[str, ...] = TEXTS) -> dict[str, list[str]]:
    """What a single visitor is told, by text."""
    async with visiting(address) as visitor:
        return {text: await visitor.ask(text) for text in asked}


async def _visit(
    address: str, alone: dict[str, list[str]], number: int, end: float, found: Counter[str], seconds: list[float]
) -> None:
    asked = list(alone)
    try:
        async with visiting(address) as visitor:
            for turn in itertools.count(number):
                text, began = asked[turn % len(asked)], time.monotonic()
                told = await visitor.ask(text)
                seconds.append(time.monotonic() - began)
                found["different"] += told != alone[text]
                if time.monotonic() >= end:
                    break
    except LostError:
        found["lost"] += 1


async def phase(
    address: str, process: int, alone: dict[str, list[str]], visitors: int, length_s: float
) -> dict[str, Any]:
    """Visitors at a time, each asking the next text as soon as the last is answered, and at least one.

    Args:
        address: Of the page.
        process: The number of its server's process.
        alone: What a single visitor is told, by text.
        visitors: How many.
        length_s: Seconds after which no further text is asked.

    Returns:
        The figures of :func:`summary`, with ``lost``: visitors whom the server no longer answered.
    """
    found: Counter[str] = Counter()
    seconds: list[float] = []
    began, spent = time.monotonic(), processor_s(process)
    visits = (_visit(address, alone, number, began + length_s, found, seconds) for number in range(visitors))
    await asyncio.gather(*visits)
    took, spent = time.monotonic() - began, processor_s(process) - spent
    return summary(visitors, seconds, took, spent, found["different"]) | {"lost": found["lost"]}


async def _measured(address: str, process: int, minutes: float) -> dict[str, Any]:
    alone = await answers(address)
    memory: dict[str, float] = {}

    async def after_first_tenth() -> None:
        await asyncio.sleep(minutes * 4.5)
        memory["first tenth"] = memory_mb(process)

    few = await phase(address, process, alone, FEW, minutes * 15)
    many, _ = await asyncio.gather(phase(address, process, alone, MANY, minutes * 45), after_first_tenth())
    memory["the end"] = memory_mb(process)
    twice = await phase(address, process, alone, 2 * MANY, minutes * 12)
    memory["twice the load"] = memory_mb(process)
    return {"few": few, "many": many, "twice_the_load": twice, "memory_mb": memory}


def measure(minutes: float) -> dict[str, Any]:
    """Serve the page and visit it.

    Args:
        minutes: Of steady load: a quarter with two visitors, the rest with eight; twice as many take a fifth besides.

    Returns:
        The figures, as plain values; the memory is that under eight visitors after a tenth of their time and at its
        end, and after twice as many.
    """
    with served_by() as (address, process):
        return asyncio.run(_measured(address, process, minutes))
