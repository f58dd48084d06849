"""Measures how fast things are: ``make bench``, or ``python -m tests.benchmarks --quick``.

Each module ``bench_<topic>.py`` has a function ``measure(quick)`` that yields measurements. What is compared is
measured in one run on one machine; no test asserts on a clock.
"""
