"""The pages: templates, and what they need to show an answer."""

from __future__ import annotations

import copy
import re
import shlex
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from html import escape
from typing import TYPE_CHECKING, Final
from urllib.parse import urlencode

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup
from pygments import highlight
from pygments.formatters.html import HtmlFormatter
from pygments.lexers.rdf import SparqlLexer

from api.forms import fields
from api.paging import PIN, Paged
from api.served import Served
from api.views import View
from learntogether_kg import __version__
from learntogether_kg.answers import Answer, Resource, Value, heading, text
from learntogether_kg.live_state import LiveState
from learntogether_kg.namespaces import local_name, shorten
from learntogether_kg.query_files import NamedQuery

if TYPE_CHECKING:
    from typing import Self

_OWN_LINK: Final = re.compile(r'(<(?:a|img|form)\b[^>]*? (?:href|src|action)=")(/(?!static)[^"#]*)([^"]*"[^>]*>)')
"""A link to an address of ours. Text cannot be taken for one, since what a template shows has its quotes escaped."""

_SHORT_TEXT, _LONG_TEXT = 14, 48
"""Characters; a column with no longer text than the first is not wrapped, one with longer than the second has room."""


@dataclass(frozen=True)
class Column:
    """One column of a table on a page."""

    name: str
    heading: str
    meaning: str
    style: str


@dataclass(frozen=True)
class Table:
    """An answer as a page shows it.

    Attributes:
        columns: Its columns.
        rows: The values in them.
        rule: How the figures were counted, where that is the same in every row; then it is no column.
    """

    columns: list[Column]
    rows: list[list[Value]]
    rule: str


class Pages:
    """The pages of one release."""

    def __init__(self, served: Served) -> None:
        self._served = served
        self._pin = ""
        self._environment = Environment(
            loader=PackageLoader("api"),
            autoescape=True,
            undefined=StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
        )
        self._environment.globals.update(
            served=served,
            manifest=served.manifest,
            is_live=isinstance(served.release, LiveState),
            version=__version__,
            table=table,
            heading=heading,
            urlencode=urlencode,
        )
        self._environment.filters.update(
            address=served.address,
            local_name=local_name,
            pattern_name=served.pattern_name,
            pairs=pairs,
            short=shorten,
        )
        self._environment.tests["resource"] = lambda value: isinstance(value, Resource)
        self._environment.tests["list"] = lambda value: isinstance(value, tuple)

    def pinned(self, name: str) -> Self:
        """Returns the same pages with links that keep to a release; an empty name pins none."""
        if not name:
            return self
        pages = copy.copy(self)
        pages._pin = name
        return pages

    def render(self, template: str, **context: object) -> str:
        """Returns a page."""
        page = self._environment.get_template(template).render({"pin": self._pin, **context})
        return keep_pin(page, self._pin) if self._pin else page

    def show(self, view: View, paged: Paged, asked: str, sparql: bool = False) -> str:
        """Returns the page of a view.

        Args:
            view: What to show.
            paged: Which rows of it.
            asked: The query string of the address, so that the links to the other forms ask the same.
            sparql: Whether there is a page where a query can be run.
        """
        context = dict(view.context)
        query, typed = context.get("query"), context.get("typed")
        if isinstance(query, NamedQuery) and isinstance(typed, Mapping):
            context["fields"] = fields(query, typed, self._served.vocabulary)
            context["command"] = command(query, typed)
            context["coloured"] = coloured(query.text)
            context["sparql"] = sparql
        return self.render(
            view.template, view=view, answer=paged.answer, paged=paged, asked=f"?{asked}" if asked else "", **context
        )


def keep_pin(page: str, name: str) -> str:
    """Returns a page whose links and forms all ask one release."""
    pair = urlencode({PIN: name})

    def pinned(found: re.Match[str]) -> str:
        start, address, end = found.groups()
        if start.startswith("<form"):
            return f'{start}{address}{end}<input type="hidden" name="{PIN}" value="{escape(name)}">'
        pins = f"{PIN}=" in address
        return found[0] if pins else f"{start}{address}{'&amp;' if '?' in address else '?'}{pair}{end}"

    return _OWN_LINK.sub(pinned, page)


def coloured(sparql: str) -> Markup:
    """Returns the text of a query as HTML with its parts marked for the style sheet."""
    return Markup(highlight(sparql, SparqlLexer(), HtmlFormatter(nowrap=True, classprefix="sparql-")))


def table(answer: Answer, meanings: Mapping[str, str], leave_out: Collection[str] = ()) -> Table:
    """Returns an answer as a page shows it.

    Args:
        answer: The answer.
        meanings: What each column means.
        leave_out: Columns that the page has no room for.
    """
    rules = {row[index] for row in answer.rows for index, name in enumerate(answer.columns) if name == "rule"}
    rule = str(next(iter(rules))) if len(rules) == 1 else ""
    kept = [i for i, name in enumerate(answer.columns) if name not in leave_out and not (rule and name == "rule")]
    columns = [_column(answer, index, meanings.get(answer.columns[index], "")) for index in kept]
    return Table(columns, [[row[index] for index in kept] for row in answer.rows], rule)


def pairs(record: Answer) -> list[tuple[str, Value]]:
    """Returns the columns and values of an answer that has one row."""
    return list(zip(record.columns, record.rows[0], strict=True))


def command(query: NamedQuery, typed: Mapping[str, str]) -> str:
    """Returns the command that asks the same on the command line."""
    words = ["ltkg", "ask", query.name]
    for name, value in typed.items():
        words += ["--param", f"{name}={value}"]
    return shlex.join(words)


def _column(answer: Answer, index: int, meaning: str) -> Column:
    return Column(answer.columns[index], heading(answer.columns[index]).capitalize(), meaning, _style(answer, index))


def _style(answer: Answer, index: int) -> str:
    values = [row[index] for row in answer.rows if row[index] is not None]
    if values and all(isinstance(value, int | float) and not isinstance(value, bool) for value in values):
        return "number"
    longest = max((len(text(member)) for value in values for member in _members(value)), default=0)
    return "short" if longest <= _SHORT_TEXT else "text" if longest > _LONG_TEXT else "medium"


def _members(value: Value) -> tuple[Value, ...]:
    """Returns the members of a list, or the value alone."""
    return value if isinstance(value, tuple) else (value,)
