"""How fast a server answers over 10,000 reviews, to 16 clients at once, and what it takes to do so.

What is promised in the issue "A query API" is measured with *thinking* clients (see `load`); what the same clients get
without a pause stands beside it, as saturation. Answers are measured worked out anew (a server that keeps none) and
kept. The library takes two minutes to build; ``LTKG_BENCH_LIBRARY`` names a folder where it is built once and kept.
"""

from __future__ import annotations

import csv
import http.client
import json
import os
import random
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Final
from urllib.parse import quote

from fastapi import FastAPI

from learntogether_kg import bundles, queries, query_files
from learntogether_kg.library import Library
from tests.benchmarks.load import CLIENTS, Load, put
from tests.benchmarks.measurement import (
    Measurement,
    memory_of_session,
    processor_seconds_of_session,
    settled_memory_of_session,
)

SEED: Final = 5
ADDRESSES: Final = ("/recurrence.json?by=type", "/queries/recurring-patterns?minimum=9000", "/patterns.csv")
PATTERNS: Final = ("clear-roles", "supervision", "human-tool-operation", "assessment-forms", "assessment-framework")
FILTERS: Final = {
    "influence": ("unsafe", "constructive", "neutral"),
    "harm": ("neglect", "physical-abuse", "sexual-abuse", "emotional-abuse"),
    "codes": ("primary", "any"),
}
SCAN: Final = "SELECT (COUNT(*) AS ?n) WHERE { ?a ?p ?b . ?b ?q ?c . ?c ?r ?d }"
_START_SECONDS: Final = 120
_SCAN_SECONDS: Final = 5
_QUERY_SECONDS: Final = 10

Address = Callable[[random.Random], str]


def empty() -> FastAPI:
    """Returns an application whose one route does nothing."""
    app = FastAPI()

    @app.get("/")
    def nothing() -> dict[str, str]:
        return {}

    return app


def measure(quick: bool) -> Iterator[Measurement]:
    """Yields what the issue "A query API" promises."""
    size, seconds = (120, 0.4) if quick else (10_000, 12.0)
    with tempfile.TemporaryDirectory() as folder:
        library = prepared(size, Path(os.environ.get("LTKG_BENCH_LIBRARY", folder)) / f"library-{size}")
        names = known(library)
        yield from of_the_start(library)
        yield from of_answers(library, names, seconds)
        yield from beside_scans(library, names, seconds)
        yield from of_kept_answers(library, 50 if quick else 2000)
        yield from of_named_queries(library, names)
        yield from of_a_long_table(library)


def prepared(size: int, folder: Path) -> Path:
    """Returns a library of so many synthetic reviews: the one that stands in the folder, or one that is built there."""
    if not (folder / "releases").is_dir() or not list((folder / "releases").iterdir()):
        bundles.build_synthetic(size, SEED, folder)
    return folder


def known(library: Path) -> list[str]:
    """Returns the names by which addresses call the reviews."""
    store = Library.open(library).release().store
    return [iri.rpartition("/")[2] for iri in queries.options(store, "lt:Review")]


@dataclass(frozen=True)
class Server:
    """A server that runs.

    Attributes:
        port: Its port on this machine.
        session: The session of its processes.
        begun: When it was started, on the clock of `time.perf_counter`.
    """

    port: int
    session: int
    begun: float

    def get(self, address: str, seconds: float = 60) -> tuple[int, bytes]:
        """Returns the status and the body at an address."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=seconds)
        # As the clients of a load ask: an answer is kept for what is welcome.
        connection.request("GET", address, headers={"Accept": "application/json"})
        answer = connection.getresponse()
        return answer.status, answer.read()


@contextmanager
def server(application: str, settings: Mapping[str, object]) -> Iterator[Server]:
    """Serves an application on a free port of this machine, in a session of its own."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port: int = free.getsockname()[1]
    command = [
        sys.executable,
        "-m",
        "uvicorn",
        application,
        "--factory",
        "--port",
        str(port),
        "--log-level",
        "critical",
    ]
    told = {f"LTKG_{name.upper()}": str(value) for name, value in settings.items()}
    begun = time.perf_counter()
    process = subprocess.Popen(command, env={**os.environ, "LTKG_LOG": "false", **told}, start_new_session=True)
    try:
        until = time.monotonic() + _START_SECONDS
        while time.monotonic() < until and process.poll() is None:
            with suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=0.1):
                break
            time.sleep(0.005)  # asking without a pause would take the processor from the start that is measured
        yield Server(port, process.pid, begun)
    finally:
        process.terminate()
        process.wait()


@contextmanager
def warm(library: Path, names: list[str], **settings: object) -> Iterator[Server]:
    """Serves a library of which each kind of question was asked."""
    with server("api.main:create_app", {"library": library, **settings}) as served:
        chance = random.Random(1)
        for address in kinds(names).values():
            # Of a small library, which is there to see that this works, there is less to ask.
            for _ in range(min(400 if settings.get("cache_megabytes") else 60, len(names) // 20)):
                served.get(address(chance))
        yield served


def kinds(names: list[str]) -> dict[str, Address]:
    """Returns the kinds of question: what each is called, and how one of it is made up."""

    def filtered(chance: random.Random) -> str:
        by = "&".join(f"by={name}" for name in chance.sample(["type", "year", "harm", "agency", "level"], 2))
        chosen = [f"{name}={chance.choice(values)}" for name, values in FILTERS.items() if chance.random() < 0.5]
        return "/recurrence.json?" + "&".join([by, *chosen])

    def of_a_review(chance: random.Random) -> str:
        review = chance.choice(names)
        by_name = [q.name for q in query_files.catalogue().values() if q.each_row_from and _takes(q, "review")]
        return chance.choice(
            [
                f"/reviews/{review}.json",
                f"/queries/similar-findings.json?review={review}&limit=20",
                *(f"/queries/{name}.json?review={review}" for name in by_name),
            ]
        )

    def of_a_pattern(chance: random.Random) -> str:
        pattern, first = chance.choice(PATTERNS), chance.choice(FILTERS["influence"])
        return chance.choice(
            [
                f"/patterns/{pattern}.json?limit=20",
                f"/queries/pattern-reviews.json?pattern={pattern}&limit=20",
                f"/queries/evidence-chain.json?pattern={pattern}&limit=20",
                f"/queries/patterns-by-year.json?pattern={pattern}&influence={first}",
                f"/queries/recommendations-by-pattern.json?pattern={pattern}&influence={first}&limit=5",
            ]
        )

    def counted(chance: random.Random) -> str:
        influence, codes = chance.choice(["", *FILTERS["influence"]]), chance.choice(FILTERS["codes"])
        return chance.choice(
            [
                f"/queries/types-reported.json?codes={codes}&influence={influence}",
                f"/queries/patterns-by-year.json?codes={codes}&influence={influence}",
                f"/queries/pattern-pairs.json?codes={codes}&influence={influence}",
                f"/queries/sub-patterns.json?codes={codes}",
                "/queries/pattern-list.json",
            ]
        )

    return {
        "recurrence": filtered,
        "named queries of one review": of_a_review,
        "named queries of one pattern, first page": of_a_pattern,
        "queries that count over the library": counted,
    }


_PROMISED: Final = (50, 50, 50, 100)
"""Milliseconds, of each of the kinds."""


def of_the_start(library: Path) -> Iterator[Measurement]:
    """From starting the process to an answer."""
    for address in ("/queries.json", "/recurrence.json?by=type"):
        best = []
        for _ in range(2):
            with server("api.main:create_app", {"library": library}) as served:
                served.get(address)
                best.append(time.perf_counter() - served.begun)
        yield Measurement(f"from the start to the first answer, {address}", min(best), "s", at_most=2)


def of_answers(library: Path, names: list[str], seconds: float) -> Iterator[Measurement]:
    """Each kind of question: worked out anew and kept, by clients that think and without a pause."""
    for keeping, megabytes in (("worked out anew", 0), ("kept where there is room", 64)):
        with warm(library, names, cache_megabytes=megabytes) as served:
            for (kind, address), promise in zip(kinds(names).items(), _PROMISED, strict=True):
                spent = processor_seconds_of_session(served.session)
                thinking = put(served.port, address, seconds)
                busy = processor_seconds_of_session(served.session) - spent
                label = f"{kind}, {keeping}"
                yield Measurement(f"{label}: p95 of {CLIENTS} clients that think", thinking.p95, "ms", at_most=promise)
                yield Measurement(f"{label}: median", thinking.median, "ms")
                yield Measurement(f"{label}: processor time an answer", busy * 1000 / max(len(thinking.waits), 1), "ms")
                yield from _all_good(label, thinking)
                flat_out = put(served.port, address, seconds / 3, thinking=0)
                yield Measurement(f"{label}: p95 of {CLIENTS} clients without a pause", flat_out.p95, "ms")
                yield Measurement(f"{label}: answers a second then", flat_out.rate, "/s")
            memory = memory_of_session(served.session)
            if memory is not None:
                yield Measurement(f"resident memory of all processes, {keeping}", memory, "MB", at_most=1000)


def _all_good(label: str, load: Load) -> Iterator[Measurement]:
    bad = sum(number for status, number in load.statuses.items() if status != 200)  # all good
    if bad:
        yield Measurement(f"{label}: answers that were errors {load.statuses}", bad, "", at_most=0)


def beside_scans(library: Path, names: list[str], seconds: float) -> Iterator[Measurement]:
    """What others wait while two clients ask free SPARQL scans without end, each up to the time limit."""
    mixed = list(kinds(names).values())

    def any_kind(chance: random.Random) -> str:
        return chance.choice(mixed)(chance)

    def scan(_: random.Random) -> str:
        return f"/sparql?query={quote(SCAN)}"

    with warm(library, names, cache_megabytes=0, sparql="true", sparql_seconds=_SCAN_SECONDS) as served:
        served.get(scan(random.Random(0)))
        put(served.port, any_kind, seconds)  # whoever came second would find more at hand than who came first
        alone = put(served.port, any_kind, seconds)
        together = put(served.port, any_kind, seconds, beside=scan)
        begun = time.perf_counter()
        status, _ = served.get(scan(random.Random(0)))
        took = time.perf_counter() - begun
        memory = memory_of_session(served.session)
    yield Measurement(f"all kinds mixed, worked out anew: p95 of {CLIENTS} clients that think", alone.p95, "ms")
    yield Measurement("the same beside two SPARQL scans without end", together.p95, "ms", at_most=2 * alone.p95)
    yield Measurement(f"a SPARQL scan under a limit of {_SCAN_SECONDS} s ends, with {status}", took, "s", at_most=7)
    if memory is not None:
        yield Measurement("resident memory of all processes, SPARQL's among them", memory, "MB", at_most=1000)


def of_kept_answers(library: Path, rounds: int) -> Iterator[Measurement]:
    """Half the throughput of an empty route."""
    with (
        server("tests.benchmarks.bench_serving:empty", {}) as bare,
        server("api.main:create_app", {"library": library}) as served,
    ):
        for address in ADDRESSES:
            # One after the other, several times, so that what else the machine does weighs on both alike.
            pairs = [(throughput(bare, "/", rounds), throughput(served, address, rounds)) for _ in range(3)]
            best, kept = max(pair[0] for pair in pairs), max(pair[1] for pair in pairs)
            size = len(served.get(address)[1])
            yield Measurement(
                f"{address} ({size:,} bytes), kept, beside an empty route", kept / best, "of it", at_least=0.5
            )


def throughput(served: Server, address: str, rounds: int) -> float:
    """Returns answers a second, asked one after the other over one connection, the first ones not counted."""
    connection = http.client.HTTPConnection("127.0.0.1", served.port)
    for number in range(rounds + 10):
        if number == 10:  # the server is warm
            begun = time.perf_counter()
        connection.request("GET", address)
        answer = connection.getresponse()
        answer.read()
        assert answer.status == 200
    return rounds / (time.perf_counter() - begun)


def of_named_queries(library: Path, names: list[str]) -> Iterator[Measurement]:
    """The first hundred rows of every named query, by its defaults and of one review or pattern, asked once."""
    review = names[len(names) // 2]
    settings = {"cache_megabytes": 0, "sparql_seconds": _QUERY_SECONDS, "query_seconds": _QUERY_SECONDS}
    with warm(library, names, **settings) as served:
        for query in query_files.catalogue().values():
            narrowings = [
                "",
                *(
                    f"&{name}={value}"
                    for name, value in (("review", review), ("pattern", "supervision"))
                    if _takes(query, name)
                ),
            ]
            for narrowed in narrowings:
                address = f"/queries/{query.name}.json?limit=100{narrowed}"
                begun = time.perf_counter()
                status, body = served.get(address)
                took = (time.perf_counter() - begun) * 1000
                given_up = status != 200
                said = f", {status}: {json.loads(body)['detail'][:60]}" if given_up else ""
                yield Measurement(f"{address}{said}", took, "ms", more=given_up)


def _takes(query: query_files.NamedQuery, name: str) -> bool:
    return any(parameter.name == name for parameter in query.parameters)


def of_a_long_table(library: Path) -> Iterator[Measurement]:
    """A whole answer as CSV, sent while it is worked out: its time, and what it adds to the server's memory."""
    with server("api.main:create_app", {"library": library, "cache_megabytes": 0}) as served:
        served.get("/queries/review-findings.json?limit=1000")
        # What it adds must not be the processes that the server starts some seconds after itself.
        before = most = settled_memory_of_session(served.session) or 0.0
        begun = time.perf_counter()
        connection = http.client.HTTPConnection("127.0.0.1", served.port, timeout=600)
        connection.request("GET", "/queries/review-findings.csv")
        answer = connection.getresponse()
        lines = (line.decode() for line in answer)
        rows, first = 0, 0.0
        for rows, _ in enumerate(csv.reader(lines)):
            first = first or time.perf_counter() - begun
            if rows % 2000 == 0:
                most = max(most, memory_of_session(served.session) or 0.0)
        took = time.perf_counter() - begun
    yield Measurement("/queries/review-findings.csv, whole: its first row", first, "s")
    yield Measurement(f"/queries/review-findings.csv, whole: all {rows:,} rows", took, "s")
    yield Measurement("/queries/review-findings.csv, whole: memory it adds", most - before, "MB", at_most=150)
