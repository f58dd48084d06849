"""The impact of a newer version of the typology on a library: what it touches, and what counts become.

Weighed are the tables that count patterns: by each dimension of patterns, alone and with each other dimension, and
pairs of patterns. Triples say nothing that pairs and tables do not, and no filter is set.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import chain

import pyarrow as pa
import pyarrow.compute as pc
from rdflib import URIRef

from learntogether_kg import coding_table
from learntogether_kg.figures import AxisValue, Count
from learntogether_kg.migration.recoding import Decision, recode
from learntogether_kg.migration.touched import Migration, Touched
from learntogether_kg.namespaces import CATALOGUE, ONTOLOGY_GRAPH
from learntogether_kg.recurrence.counts import count
from learntogether_kg.recurrence.dimensions import dimensions
from learntogether_kg.recurrence.index import Coding
from learntogether_kg.recurrence.question import ask
from learntogether_kg.recurrence.reader import read_coding
from learntogether_kg.recurrence.together import count_pairs
from learntogether_kg.store.oxigraph import OxigraphStore

_FORECAST = "forecast"
_NOTHING = (0, 0)
_Told = tuple[tuple[str, ...], tuple[int, int]]


@dataclass(frozen=True)
class Row:
    """One row of a table that changes.

    Attributes:
        keys: What it is of, one IRI, or other key, for each dimension; of a pair its two patterns, sorted.
        values: The same as labels; patterns by their way down.
        before: Reviews counted now, and of so many that looked, or for a pair were coded at its level.
        after: The same with the newer version.
    """

    keys: tuple[str, ...]
    values: tuple[str, ...]
    before: tuple[int, int]
    after: tuple[int, int]


@dataclass(frozen=True)
class Table:
    """A recurrence table.

    Attributes:
        by: Its dimensions, as `ltkg recur --by` takes them.
        pairs: Whether it is one of pairs.
        rows: The rows that change.
    """

    by: tuple[str, ...]
    pairs: bool = False
    rows: tuple[Row, ...] = ()

    @property
    def command(self) -> str:
        """How the table is asked for."""
        return " ".join(["ltkg recur", *(["--pairs"] if self.pairs else []), *(f"--by {name}" for name in self.by)])


@dataclass(frozen=True)
class Impact:
    """What a newer version does to a library.

    Attributes:
        old: The version that the library has.
        new: The newer one.
        library: What was looked at, as people name it.
        touched: The classifications that are touched.
        tables: The recurrence tables that change.
        unchanged: Those that were weighed and do not change.
        rule: How they are counted.
    """

    old: str
    new: str
    library: str
    touched: tuple[Touched, ...]
    tables: tuple[Table, ...]
    unchanged: tuple[Table, ...]
    rule: str

    @property
    def mechanical(self) -> tuple[Touched, ...]:
        """Those of which the change says what they become; a person confirms it all the same."""
        return tuple(each for each in self.touched if each.proposed)

    @property
    def for_a_person(self) -> tuple[Touched, ...]:
        """Those of which a person must decide what they become."""
        return tuple(each for each in self.touched if not each.proposed)

    @property
    def reviews(self) -> dict[URIRef, str]:
        """The reviews that hold a touched classification, with their labels."""
        return {each.review: each.review_label for each in self.touched}

    @property
    def out_of_sight(self) -> tuple[tuple[Row, Row], ...]:
        """Patterns of which fewer reviews will be known to have looked for than for those whose place they take.

        Each by its row among the counts by pattern, after that of the pattern before. Who looked under the earlier
        version and found nothing is not asked again, so the share of such a pattern would be one of those with a code.
        """
        rows = {
            row.keys: row for table in self.tables if table.by == ("pattern",) and not table.pairs for row in table.rows
        }
        steps = dict.fromkeys((str(t.pattern.iri), str(t.proposed.iri)) for t in self.touched if t.proposed)
        pairs = ((rows.get((old,)), rows.get((new,))) for old, new in steps)
        return tuple((old, new) for old, new in pairs if old and new and new.after[1] < old.before[1])


def weigh(migration: Migration, coding: pa.Table, library: str, codes: str = "primary", coder: str = "") -> Impact:
    """Returns the impact of a newer version.

    Counts after it suppose that everything mechanical is confirmed and the rest is left as it is.

    Args:
        migration: What is touched.
        coding: The library's coding table.
        library: How it is named.
        codes: Which codes of an item count, as for `recurrence.question.ask`.
        coder: Whose coding counts, likewise.

    Raises:
        QueryArgumentError: There is no such coder.
    """
    before = read_coding(coding, migration.store)
    after = _forecast(migration, coding)
    ways = {str(t.iri): t.choice for typology in (migration.new, migration.old) for t in typology.terms.values()}
    weighed = [_weigh_table(table, before, after, codes, coder, ways) for table in _all_tables()]
    return Impact(
        old=migration.old.version_label(),
        new=migration.new.name,
        library=library,
        touched=migration.touched,
        tables=tuple(table for table in weighed if table.rows),
        unchanged=tuple(table for table in weighed if not table.rows),
        rule=ask(before, ["type"], codes=codes, coder=coder).rule,
    )


def _all_tables() -> Iterator[Table]:
    """Yields every table that counts patterns: alone, by each other dimension, and in pairs."""
    patterns = [name for name, each in dimensions().items() if each.of == "pattern"]
    yield from (Table((name,)) for name in patterns)
    yield from (Table((name, other)) for name in patterns for other in dimensions() if other not in patterns)
    yield from (Table((name,), pairs=True) for name in patterns)


def _forecast(migration: Migration, coding: pa.Table) -> Coding:
    """Returns the coding table as it would be, read by the newer typology."""
    version = migration.new.version or URIRef("urn:learntogether:newer")
    changed = []
    for review, graph in migration.graphs.items():
        mine = [each for each in migration.touched if each.review == review and each.proposed]
        decisions = [Decision(each.node, each.proposed.iri, _FORECAST, "") for each in mine if each.proposed]
        changed.append((review, recode(graph, decisions, version)))
    touched = pa.array(sorted(str(review) for review, _ in changed), pa.string())
    kept = coding.filter(pc.invert(pc.is_in(coding["review"].cast(pa.string()), value_set=touched)))
    rows = coding_table.extract(OxigraphStore.in_memory(changed))
    terms = OxigraphStore.in_memory([(ONTOLOGY_GRAPH, migration.new.graph), (CATALOGUE, migration.catalogue)])
    return read_coding(pa.concat_tables([kept, rows]).unify_dictionaries(), terms)


def _weigh_table(table: Table, before: Coding, after: Coding, codes: str, coder: str, ways: Mapping[str, str]) -> Table:
    """Returns a table with the rows that change."""
    old, new = (_figures(table, coding, codes, coder) for coding in (before, after))
    rows = []
    for key in dict.fromkeys(chain(old, new)):
        labels, was = old.get(key, ((), _NOTHING))
        new_labels, will = new.get(key, ((), _NOTHING))
        if was != will:
            named = tuple(ways.get(each, v) for each, v in zip(key, labels or new_labels, strict=True))
            rows.append(Row(key, named, was, will))
    return Table(table.by, table.pairs, tuple(rows))


def _figures(table: Table, coding: Coding, codes: str, coder: str) -> dict[tuple[str, ...], _Told]:
    """Returns the labels and figures of each row of a table, by its keys."""
    question = ask(coding, table.by, codes=codes, coder=coder)
    counted: Iterable[tuple[tuple[AxisValue, ...], Count, Count]]
    if table.pairs:
        counted = ((pair.patterns, pair.together, pair.coded) for pair in count_pairs(coding, question))
    else:
        counted = ((values, cell.reviews, cell.looked) for values, cell in count(coding, question).items())
    found = {}
    for values, reviews, looked in counted:
        ordered = sorted(values, key=lambda value: value.iri) if table.pairs else values
        labels = tuple(value.label for value in ordered)
        found[tuple(value.iri or value.key for value in ordered)] = (labels, (reviews or 0, looked or 0))
    return found
