"""Clients of a server, many at once, in one process that does as little as it can.

Two models. *Thinking* clients read an answer for a second on average before they ask again, as people do and programs
that work with what they got; what they wait is what a reader waits. Clients *without a pause* ask again at once: on few
cores they measure how many answers a second there are, and their wait is that number's reciprocal times the clients.
"""

from __future__ import annotations

import asyncio
import random
import time
from collections.abc import Callable
from dataclasses import dataclass, field

CLIENTS = 16
THINKING_SECONDS = 1.0
SEED = 11


@dataclass
class Load:
    """What clients saw.

    Attributes:
        waits: Milliseconds from asking to the last byte, one each.
        statuses: How often each status came.
        seconds: How long they went on.
    """

    waits: list[float] = field(default_factory=list)
    statuses: dict[int, int] = field(default_factory=dict)
    seconds: float = 0.0

    @property
    def p95(self) -> float:
        """Milliseconds that 95 of 100 answers take at most."""
        return sorted(self.waits)[min(int(len(self.waits) * 0.95), len(self.waits) - 1)] if self.waits else 0.0

    @property
    def median(self) -> float:
        """Milliseconds that half of the answers take at most."""
        return sorted(self.waits)[len(self.waits) // 2] if self.waits else 0.0

    @property
    def rate(self) -> float:
        """Answers a second."""
        return len(self.waits) / self.seconds if self.seconds else 0.0


def put(
    port: int,
    address: Callable[[random.Random], str],
    seconds: float,
    thinking: float = THINKING_SECONDS,
    clients: int = CLIENTS,
    beside: Callable[[random.Random], str] | None = None,
) -> Load:
    """Puts a load on a server for some time, and returns what clients saw.

    Args:
        port: The server's, on this machine.
        address: Makes up what to ask.
        seconds: How long.
        thinking: How long a client waits between an answer and the next question, on average (exponential).
        clients: How many.
        beside: What two more clients ask without a pause meanwhile; what they wait is not told.
    """
    return asyncio.run(_put(port, address, seconds, thinking, clients, beside))


async def _put(  # as `put`
    port: int,
    address: Callable[[random.Random], str],
    seconds: float,
    thinking: float,
    clients: int,
    beside: Callable[[random.Random], str] | None,
) -> Load:
    load, others = Load(), Load()
    begun = time.perf_counter()
    until = begun + seconds
    work = [_client(port, address, until, thinking, number, load) for number in range(clients)]
    aside = [
        asyncio.create_task(_client(port, beside, until, 0, number, others))
        for number in range(2)
        if beside is not None
    ]
    await asyncio.gather(*work)
    load.seconds = time.perf_counter() - begun
    for task in aside:
        task.cancel()
    await asyncio.gather(*aside, return_exceptions=True)
    return load


async def _client(
    port: int, address: Callable[[random.Random], str], until: float, thinking: float, number: int, load: Load
) -> None:
    chance = random.Random(SEED * 1000 + number)
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    try:
        while True:
            pause = chance.expovariate(1 / thinking) if thinking else 0.0
            if time.perf_counter() + pause > until:
                return
            await asyncio.sleep(pause)
            begun = time.perf_counter()
            status = await _ask(reader, writer, address(chance))
            load.waits.append((time.perf_counter() - begun) * 1000)
            load.statuses[status] = load.statuses.get(status, 0) + 1
    finally:
        writer.close()


async def _ask(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, address: str) -> int:
    writer.write(f"GET {address} HTTP/1.1\r\nHost: 127.0.0.1\r\nAccept: application/json\r\n\r\n".encode())
    head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").lower()
    length = head.partition("content-length:")[2].partition("\r")[0]
    if length:
        await reader.readexactly(int(length))
    else:  # in chunks
        while size := int(await reader.readline(), 16):
            await reader.readexactly(size + 2)
        await reader.readline()
    return int(head.split(" ", 2)[1])
