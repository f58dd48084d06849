"""Every benchmark runs to its end at its small size; how fast it was is for `make bench` to say."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from tests.benchmarks.__main__ import TOPICS
from tests.benchmarks.measurement import Measurement


@pytest.mark.parametrize("topic", TOPICS)
def test_benchmark_runs_and_writes_its_figures(topic: str, tmp_path: Path) -> None:
    out = tmp_path / "figures.json"
    command = [sys.executable, "-m", "tests.benchmarks", "--quick", "--out", str(out), topic]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=600)
    assert done.returncode == 0, done.stderr
    measured = json.loads(out.read_text(encoding="utf-8"))["measurements"]
    assert measured
    assert all(each["topic"] == topic and each["value"] >= 0 for each in measured)


@pytest.mark.parametrize(
    ("measurement", "verdict"),
    [
        (Measurement("a", 59.0, "ms", at_most=60), "kept: at most 60"),
        (Measurement("a", 61.0, "ms", at_most=60), "NOT KEPT: at most 60"),
        (Measurement("a", 24.0, "×", at_least=25), "NOT KEPT: at least 25"),
        (Measurement("a", 24.0, "×"), ""),
    ],
)
def test_measurement_says_whether_a_promise_is_kept(measurement: Measurement, verdict: str) -> None:
    assert measurement.verdict == verdict
