"""How many answers a second a server gives that it has given before, beside an empty route of FastAPI."""

from __future__ import annotations

import http.client
import os
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from fastapi import FastAPI

from learntogether_kg import reviews
from tests.benchmarks.measurement import Measurement

ADDRESSES = ("/recurrence.json?by=type", "/queries/recurring-patterns", "/patterns.csv")
_START_SECONDS = 60


def empty() -> FastAPI:
    """Returns an application whose one route does nothing."""
    app = FastAPI()

    @app.get("/")
    def nothing() -> dict[str, str]:
        return {}

    return app


def measure(quick: bool) -> Iterator[Measurement]:
    """Yields what the issue "A query API" promises of kept answers: half the throughput of an empty route."""
    rounds = 50 if quick else 3000
    with tempfile.TemporaryDirectory() as folder:
        reviews.build_bundled("sample", Path(folder) / "library")
        with (
            server("tests.benchmarks.bench_serving:empty", {}) as bare,
            server("api.main:create_app", {"LTKG_LIBRARY": f"{folder}/library", "LTKG_LOG": "false"}) as ours,
        ):
            for address in ADDRESSES:
                # One after the other, several times, so that what else the machine does weighs on both alike.
                pairs = [(throughput(bare, "/", rounds), throughput(ours, address, rounds)) for _ in range(3)]
                best, kept = max(pair[0] for pair in pairs), max(pair[1] for pair in pairs)
                yield Measurement(f"{address}, kept, beside an empty route", kept / best, "of it", at_least=0.5)


@contextmanager
def server(application: str, settings: dict[str, str]) -> Iterator[int]:
    """Serves an application on a free port of this machine."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port: int = free.getsockname()[1]
    command = [sys.executable, "-m", "uvicorn", application, "--factory", "--port", str(port), "--log-level", "error"]
    process = subprocess.Popen(command, env={**os.environ, **settings})
    try:
        until = time.monotonic() + _START_SECONDS
        while time.monotonic() < until:
            with suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=0.1):
                break
        yield port
    finally:
        process.terminate()
        process.wait()


def throughput(port: int, address: str, rounds: int) -> float:
    """Returns answers a second, asked one after the other over one connection, the first ones not counted."""
    connection = http.client.HTTPConnection("127.0.0.1", port)
    for number in range(rounds + 10):
        if number == 10:  # the server is warm
            begun = time.perf_counter()
        connection.request("GET", address)
        answer = connection.getresponse()
        answer.read()
        assert answer.status == 200
    return rounds / (time.perf_counter() - begun)
