"""Runs the benchmarks, prints a table and writes JSON.

Each topic has a process and a time of its own, and every figure is written as soon as it is there: a topic that fails
or does not come to its end takes nothing from the others.
"""

from __future__ import annotations

import argparse
import importlib
import json
import os
import platform
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path
from typing import Any, Final

from rich.console import Console
from rich.table import Table

from tests.benchmarks.measurement import Measurement

TOPICS = sorted(path.stem.removeprefix("bench_") for path in Path(__file__).parent.glob("bench_*.py"))
MINUTES: Final = 12
"""How long one topic may take; all of them together end within twenty minutes on a quiet machine of two cores."""


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks", description=__doc__)
    parser.add_argument("topics", nargs="*", metavar="TOPIC", help=f"of {', '.join(TOPICS)}; by default all")
    parser.add_argument("--quick", action="store_true", help="small sizes, only to see that it works")
    parser.add_argument("--out", type=Path, default=Path("benchmarks.json"), metavar="FILE.json")
    asked = parser.parse_args()
    if unknown := set(asked.topics) - set(TOPICS):
        parser.error(f"no benchmark of {', '.join(sorted(unknown))}; there are {', '.join(TOPICS)}")
    console = Console(width=None if sys.stdout.isatty() else 140)
    topics = asked.topics or TOPICS
    found, unfinished = one_topic(topics[0], asked, console) if len(topics) == 1 else all_topics(topics, asked)
    table = Table("topic", "measured", "figure", "unit", "promise")
    for each in found:
        table.add_row(each["topic"], each["what"], figure(each["value"], each["more"]), each["unit"], each["verdict"])
    console.print(table)
    write(asked.out, asked.quick, found, unfinished)
    console.print(f"Wrote {asked.out}", soft_wrap=True)
    for topic in unfinished:
        console.print(f"{topic} did not come to its end; the figures above are those it had", soft_wrap=True)
    sys.exit(1 if unfinished else 0)


def one_topic(topic: str, asked: argparse.Namespace, console: Console) -> tuple[list[dict[str, Any]], list[str]]:
    """Measures one topic in this process, and returns its figures."""
    found: list[dict[str, Any]] = []
    for each in measure(topic, asked.quick):
        found.append({"topic": topic, **asdict(each), "verdict": each.verdict})
        write(asked.out, asked.quick, found, [topic])
        shown = f"{figure(each.value, each.more)} {each.unit}"
        console.print(f"[dim]{topic}: {each.what}: {shown}[/]", soft_wrap=True)
    return found, []


def all_topics(topics: list[str], asked: argparse.Namespace) -> tuple[list[dict[str, Any]], list[str]]:
    """Measures topics, each in a process of its own, and returns the figures and which did not come to their end."""
    found: list[dict[str, Any]] = []
    unfinished = []
    with tempfile.TemporaryDirectory() as folder:
        for topic in topics:
            out = Path(folder) / f"{topic}.json"
            command = [sys.executable, "-m", "tests.benchmarks", topic, "--out", str(out)]
            command += ["--quick"] if asked.quick else []
            try:
                ended = subprocess.run(command, check=False, timeout=MINUTES * 60).returncode == 0
            except subprocess.TimeoutExpired:
                ended = False
            found += json.loads(out.read_text(encoding="utf-8"))["measurements"] if out.exists() else []
            unfinished += [] if ended else [topic]
            write(asked.out, asked.quick, found, unfinished)
    return found, unfinished


def write(out: Path, quick: bool, found: list[dict[str, Any]], unfinished: list[str]) -> None:
    """Writes the figures there are."""
    machine = {"cores": os.cpu_count(), "machine": platform.machine(), "python": platform.python_version()}
    document = {"machine": machine, "quick": quick, "unfinished": unfinished, "measurements": found}
    out.write_text(json.dumps(document, indent=2) + "\n", encoding="utf-8")


def figure(value: float, more: bool = False) -> str:
    """Returns a figure with as many digits as mean something, and never as a power of ten."""
    told = f"{value:,.0f}" if abs(value) >= 100 else f"{value:.3g}"
    return f"more than {told}" if more else told


def measure(topic: str, quick: bool) -> Iterator[Measurement]:
    yield from importlib.import_module(f"tests.benchmarks.bench_{topic}").measure(quick)


if __name__ == "__main__":
    main()
