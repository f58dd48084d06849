"""How ``ltkg`` speaks: what it prints and where, its exit codes, its progress bar."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Collection
from enum import StrEnum
from pathlib import Path
from typing import Any, NoReturn

from rich import box
from rich.console import Console
from rich.markup import escape
from rich.padding import Padding
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn
from rich.table import Table

from learntogether_kg import (
    reviews,
)
from learntogether_kg.answers import Answer, heading, text
from learntogether_kg.errors import (
    LearnTogetherError,
    UnreadableFileError,
)
from learntogether_kg.namespaces import shorten
from learntogether_kg.recurrence.answer import Result, as_document, notes

DONE, DOES_NOT_CONFORM, WRONG_USE, UNAVAILABLE = 0, 1, 2, 3


WIDTH_OF_A_FILE = 160


out = Console(
    highlight=False,
    emoji=False,  # else the text ":x:" of an IRI would be shown as a picture
    width=None if sys.stdout.isatty() or "COLUMNS" in os.environ else WIDTH_OF_A_FILE,
)


err = Console(stderr=True, highlight=False, emoji=False)


class Format(StrEnum):
    """How an answer is printed."""

    TABLE = "table"
    CSV = "csv"
    JSON = "json"


_WORTH_A_BAR = 3


def say(error: LearnTogetherError | str) -> None:
    """Prints what is wrong, in one line on standard error."""
    err.print(f"[bold red]error:[/] {escape(str(error))}", soft_wrap=True)


def fail(message: str, code: int) -> NoReturn:
    """Says what is wrong and ends with an exit code."""
    say(message)
    raise SystemExit(code)


def read_pair(argument: str, option: str = "--param") -> tuple[str, str]:
    """Returns the two sides of an argument such as ``name=value``."""
    name, separator, value = argument.partition("=")
    if not separator:
        fail(f"{option} {argument!r} has no value; write it as name=value", WRONG_USE)
    return name, value


def read_text(file: Path) -> str:
    """Returns the text of a file, or what is typed or piped in for ``-``."""
    try:
        return sys.stdin.read() if str(file) == "-" else file.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "it is not UTF-8 text"
        raise UnreadableFileError(file, f"it cannot be read: {reason}") from error


def write_new(to: Path, content: str | bytes) -> None:
    """Writes a file that must not be there yet.

    Raises:
        UnreadableFileError: It is there, or cannot be written.
    """
    try:
        with to.open("xb") as file:
            file.write(content.encode() if isinstance(content, str) else content)
    except FileExistsError:
        raise UnreadableFileError(to, "it is there already; choose another name") from None
    except OSError as error:
        raise UnreadableFileError(to, f"it cannot be written: {error.strerror or error}") from error


def print_answer(answer: Answer, form: Format, title: str) -> None:
    """Prints an answer in a form."""
    match form:
        case Format.JSON:
            print(json.dumps(answer.as_records(), indent=2, ensure_ascii=False))
        case Format.CSV:
            sys.stdout.writelines(answer.as_csv())
        case Format.TABLE:
            print_table(answer, title)


def print_table(answer: Answer, title: str, leave_out: Collection[str] = ()) -> None:
    """Prints an answer as a table, or row by row where the window is too narrow for one."""
    asked = ", ".join(f"{name}={value}" for name, value in answer.arguments.items() if value)
    out.print(f"[bold]{escape(title)}[/]" + (f"\n{escape(asked)}" if asked else ""), soft_wrap=True)
    kept = [place for place, column in enumerate(answer.columns) if column not in leave_out]
    headings = [heading(answer.columns[place]) for place in kept]
    rows = [[text(row[place]) for place in kept] for row in answer.rows]
    if _fits(headings, rows):
        table = new_table(*headings)
        for row in rows:
            table.add_row(*map(escape, row))
        out.print(table)
    else:
        _print_records(headings, rows)
    if not rows:
        out.print("Nothing was found with these parameters.")


def print_result(result: Result, form: Format) -> None:
    """Prints a result of counting in a form, with all that must stand beside it."""
    match form:
        case Format.JSON:
            print(json.dumps(as_document(result), indent=2, ensure_ascii=False))
        case Format.CSV:
            sys.stdout.writelines(result.answer.as_csv())
        case Format.TABLE:
            print_table(result.answer, result.summary, leave_out=("rule",))
            for line in notes(result):
                out.print(escape(line), soft_wrap=True)


def print_solutions(document: dict[str, Any]) -> None:
    """Prints an answer of SPARQL, as its JSON form tells it, as a table."""
    if "boolean" in document:
        out.print("yes" if document["boolean"] else "no")
        return
    names = document["head"]["vars"]
    rows = [[each[name]["value"] if name in each else "" for name in names] for each in document["results"]["bindings"]]
    if not rows:
        out.print("Nothing was found.")
        return
    table = new_table(*names)
    for row in rows:
        table.add_row(*(escape(shorten(value)) for value in row))
    out.print(table)


def _fits(headings: list[str], rows: list[list[str]]) -> bool:
    """Whether the longest words of all columns have room beside each other."""
    columns = zip(headings, *rows, strict=True)
    longest = (max(len(word) for cell in column for word in (*cell.split(), "")) for column in columns)
    return sum(longest) + 2 * len(headings) <= out.width


def _print_records(headings: list[str], rows: list[list[str]]) -> None:
    """Prints each row as lines of its own, for a window too narrow for a table."""
    for row in rows:
        out.print(f"\n[bold]{escape(row[0])}[/]")
        for name, value in zip(headings[1:], row[1:], strict=True):
            if value:
                out.print(Padding(f"[dim]{name}:[/] {escape(value)}", (0, 0, 0, 2)))
    out.print()


def new_table(*columns: str) -> Table:
    """Returns an empty table with these headings."""
    table = Table(box=box.SIMPLE_HEAD, show_lines=True, pad_edge=False)
    for column in columns:
        table.add_column(column, overflow="fold")
    return table


class progress_bar:  # noqa: N801  # used like a function, in a with statement
    """A progress bar on standard error; inside it, calling it counts one file."""

    def __init__(self, title: str, total: int) -> None:
        columns = TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn()
        # What is printed meanwhile goes around the bar where both are on one screen, and else where it is meant to.
        screen = sys.stdout.isatty()
        self._bar = Progress(
            *columns,
            console=err,
            transient=True,
            redirect_stdout=screen,
            disable=total < _WORTH_A_BAR or not err.is_terminal,
        )
        self._task = self._bar.add_task(title, total=total)

    def __enter__(self) -> reviews.Progress:
        self._bar.start()
        return lambda _: self._bar.advance(self._task)

    def __exit__(self, *error: object) -> None:
        self._bar.stop()
