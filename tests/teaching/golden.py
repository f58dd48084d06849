"""Writes golden-answers.md: every competency question, its answer over the teaching library, how it follows.

The answers are the oracles', worked out from the tables; the program is not asked. Write the sheet anew with
``python -m tests.teaching.golden`` after a change of the tables.
"""

from __future__ import annotations

import csv
import tomllib
from pathlib import Path

import tests.teaching.recurrence
import tests.teaching.research  # noqa: F401 - each brings its oracles
from learntogether_kg.answers import heading
from tests.teaching.coding import Record
from tests.teaching.compare import ORACLES

FIXTURES = Path(__file__).parents[1] / "fixtures"
SHEET = Path(__file__).parent / "golden-answers.md"
HEAD = """\
# Golden answers over the teaching library

For each competency question: the question, the first rows of its answer, how these follow. The figures were worked out
from the tables in `tests/fixtures/teaching-truth`, which a person can read beside this sheet, and not by the program; a
test holds that the program's whole answers are the same. Everything here is synthetic. Unless another is named, the
coding counted is *teaching-agreed*, by primary codes. An expert who has checked an answer signs at the end.
"""
FOOT = """
## Checked by

| question | name and role | date | remark |
|---|---|---|---|
| | | | |
"""


def entries() -> list[dict[str, object]]:
    return list(tomllib.loads((FIXTURES / "golden-answers.toml").read_text(encoding="utf-8"))["answer"])


def sheet() -> str:
    """The whole sheet as Markdown."""
    with (FIXTURES / "competency.csv").open(encoding="utf-8", newline="") as lines:
        asked = {row["id"]: row["question"] for row in csv.DictReader(lines)}
    return HEAD + "".join(section(entry, asked[str(entry["question"])]) for entry in entries()) + FOOT


def section(entry: dict[str, object], question: str) -> str:
    arguments: dict[str, str] = entry.get("arguments", {})  # type: ignore[assignment]
    columns: list[str] = entry["columns"]  # type: ignore[assignment]
    given = {key: int(value) if key == "minimum" else value for key, value in arguments.items()}
    rows = sorted(ORACLES[str(entry["query"])](**given), key=lambda row: _place(row, columns))
    shown = rows[: int(str(entry["rows"]))]
    told = " ".join(["`ltkg ask", str(entry["query"]), *(f"--param {k}={_quoted(v)}" for k, v in arguments.items())])
    lines = [f"\n## {entry['question']} {question}\n", f"{told}`, {_number(len(shown), len(rows))}\n"]
    if shown:
        lines += ["| " + " | ".join(map(heading, columns)) + " |", "|" + "---|" * len(columns)]
        lines += ["| " + " | ".join(_cell(row[column]) for column in columns) + " |" for row in shown]
        lines += [""]
    return "\n".join([*lines, f"*How it follows.* {entry['follows']}\n"])


def _place(row: Record, columns: list[str]) -> tuple[object, ...]:
    """The greatest count first, where the question counts and not by years; else by what the columns say."""
    count = (
        0
        if columns[0] == "year"
        else next((row[each] for each in ("together", "likeness", "allKinds", "reviews") if each in columns), 0)
    )
    return (-int(str(count or 0)), *(_cell(row[each]) for each in columns))


def _number(shown: int, rows: int) -> str:
    if not rows:
        return "no row: there is nothing to tell in this library"
    return f"{rows} row{'s' if rows > 1 else ''}" if shown == rows else f"the first {shown} of {rows} rows"


def _quoted(value: str) -> str:
    return f'"{value}"' if " " in value else value


def _cell(value: object) -> str:
    if isinstance(value, tuple):
        return "; ".join(map(_cell, value))
    if isinstance(value, bool):
        return "yes" if value else "no"
    return "" if value is None else str(value).replace("Synthetic review ", "")


if __name__ == "__main__":
    SHEET.write_text(sheet(), encoding="utf-8")
