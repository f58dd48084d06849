"""Runs the benchmarks, prints a table and writes JSON."""

from __future__ import annotations

import argparse
import importlib
import json
import os
import platform
import sys
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path

from rich.console import Console
from rich.table import Table

from tests.benchmarks.measurement import Measurement

TOPICS = sorted(path.stem.removeprefix("bench_") for path in Path(__file__).parent.glob("bench_*.py"))


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks", description=__doc__)
    parser.add_argument("topics", nargs="*", metavar="TOPIC", help=f"of {', '.join(TOPICS)}; by default all")
    parser.add_argument("--quick", action="store_true", help="small sizes, only to see that it works")
    parser.add_argument("--out", type=Path, default=Path("benchmarks.json"), metavar="FILE.json")
    asked = parser.parse_args()
    if unknown := set(asked.topics) - set(TOPICS):
        parser.error(f"no benchmark of {', '.join(sorted(unknown))}; there are {', '.join(TOPICS)}")
    table = Table("topic", "measured", "figure", "unit", "promise")
    console, found = Console(width=None if sys.stdout.isatty() else 140), []
    for topic in asked.topics or TOPICS:
        for each in measure(topic, asked.quick):
            found.append({"topic": topic, **asdict(each), "verdict": each.verdict})
            console.print(f"[dim]{topic}: {each.what}: {figure(each.value)} {each.unit}[/]", soft_wrap=True)
            table.add_row(topic, each.what, f"{figure(each.value)}", each.unit, each.verdict)
    console.print(table)
    machine = {"cores": os.cpu_count(), "machine": platform.machine(), "python": platform.python_version()}
    document = {"machine": machine, "quick": asked.quick, "measurements": found}
    asked.out.write_text(json.dumps(document, indent=2) + "\n", encoding="utf-8")
    console.print(f"Wrote {asked.out}", soft_wrap=True)


def figure(value: float) -> str:
    """Returns a figure with as many digits as mean something, and never as a power of ten."""
    return f"{value:,.0f}" if abs(value) >= 100 else f"{value:.3g}"


def measure(topic: str, quick: bool) -> Iterator[Measurement]:
    yield from importlib.import_module(f"tests.benchmarks.bench_{topic}").measure(quick)


if __name__ == "__main__":
    main()
