"""The coding table: what is counted over many reviews, as one flat table beside the triples.

``queries/internal/coding-table.rq`` defines it. All rows of a review follow from its own graph, so a change of
the library asks the query of the changed graphs alone and puts the rows beside those that are there::

    coding/parts.json      the parts in order, each with the reviews it speaks of; a later part replaces an earlier one
    coding/<n>.parquet     the rows that state n brought

A release holds one part with all rows, ``coding-table.parquet``, and a data dictionary in JSON and Markdown.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
import shutil
from collections.abc import Collection, Iterable, Sequence
from dataclasses import asdict, dataclass
from io import BytesIO
from itertools import islice
from pathlib import Path
from typing import Final

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv
import pyarrow.parquet as pq
from rdflib import Graph, URIRef

from learntogether_kg import resources
from learntogether_kg.errors import StoreUnavailableError
from learntogether_kg.store.base import Store
from learntogether_kg.store.oxigraph import OxigraphStore

FOLDER: Final = "coding"
"""The folder of a state or a release that holds its coding table."""

RELEASED: Final = "coding-table.parquet"
COLUMNS: Final = (
    "record",
    "review",
    "coder",
    "item",
    "pattern",
    "primary",
    "influence",
    "version",
    "extent",
    "codingLevel",
    "result",
    "dimension",
    "value",
    "label",
)
_PARTS: Final = "parts.json"
_MOST_PARTS: Final = 24
"""With more parts than this all rows are written anew as one: reading many small files takes longer than that."""
_BATCH: Final = 200
"""Reviews whose triples are held in memory at a time."""
_TEXT: Final = pa.dictionary(pa.int32(), pa.string())
_SCHEMA: Final = pa.schema([(name, _TEXT) for name in COLUMNS])
_COLUMN: Final = re.compile(r"^#\+ column (\w+): (.+)$", re.MULTILINE)


@dataclass(frozen=True)
class Part:
    """One file of a coding table.

    Attributes:
        file: Its name.
        studies: The studies it speaks of: rows about them in earlier parts no longer count. None where there is no
            earlier part.
    """

    file: str
    studies: list[str] | None


def extract(store: Store) -> pa.Table:
    """Returns the coding table of a whole store, of whatever kind.

    Returns:
        A table of the columns in `COLUMNS`, all of them dictionary-encoded text; nothing where a column does not apply.

    Raises:
        StoreUnavailableError: The store does not answer.
    """
    return _read_csv(store.select_csv(_query()))


def write(folder: Path, store: Store) -> None:
    """Writes the coding table of a whole store as one part, in the place of any that is there."""
    _write_one(folder, extract(store), "0.parquet")


def update(
    before: Path,
    folder: Path,
    store: Store,
    changed: Sequence[tuple[URIRef, Graph]],
    gone: Collection[URIRef],
    number: int,
) -> None:
    """Writes the coding table of a new state from that of the state before it.

    Args:
        before: The coding folder of the state before.
        folder: The coding folder to write; it does not exist.
        store: The triples of the new state, asked only where the state before has no table this query defines.
        changed: The studies that the new state adds or replaces, with their triples.
        gone: The studies that it no longer has.
        number: The number of the new state.
    """
    parts = _parts(before)
    if parts is None:
        write(folder, store)
        return
    folder.mkdir()
    for part in parts:
        _link(before / part.file, folder / part.file)
    studies = [*(str(study) for study, _ in changed), *map(str, gone)]
    if studies:
        file = f"{number}.parquet"
        _write_rows(folder / file, _rows_of(changed))
        parts = [*parts, Part(file, sorted(studies))]
    _write_parts(folder, parts)
    if len(parts) > _MOST_PARTS:
        _write_one(folder, read(folder), f"{number}-whole.parquet")


def release(before: Path, folder: Path, store: Store) -> None:
    """Writes the coding table of a release as one file with its data dictionary.

    Args:
        before: The coding folder of the state that is published.
        folder: The coding folder to write.
        store: The triples of the state, asked only where it has no table.
    """
    _write_release(folder, load(before, store))


def _write_release(folder: Path, rows: pa.Table) -> None:
    _write_one(folder, rows, RELEASED)
    (folder / "data-dictionary.json").write_text(json.dumps(dictionary(), indent=2) + "\n", encoding="utf-8")
    (folder / "data-dictionary.md").write_text(_dictionary_text(), encoding="utf-8")


def write_without(before: Path, folder: Path, store: Store, study: URIRef) -> None:
    """Writes the coding table of a state or a release as one part, without what it says of a study.

    Args:
        before: The coding folder of the same state or release with the study.
        folder: The coding folder to write.
        store: Its triples without the study, asked only where it has no table.
        study: The study.
    """
    rows = load(before, store)
    rows = rows.filter(pc.invert(pc.equal(rows["review"].cast(pa.string()), str(study))))
    if (before / RELEASED).exists():
        _write_release(folder, rows)
    else:
        _write_one(folder, rows, "0.parquet")


def load(folder: Path, store: Store) -> pa.Table:
    """Returns the coding table in a folder, or that of the store where the folder has none this query defines."""
    return extract(store) if _parts(folder) is None else read(folder)


def read(folder: Path) -> pa.Table:
    """Returns the coding table in a folder, without the rows that later parts replaced.

    Raises:
        StoreUnavailableError: A file is missing or damaged.
    """
    kept: list[pa.Table] = []
    replaced: set[str] = set()
    for part in reversed(_parts(folder) or []):
        try:
            with pq.ParquetFile(folder / part.file) as file:  # read_table would load pandas for it
                rows = file.read()
        except (OSError, pa.ArrowException) as error:
            raise StoreUnavailableError(folder / part.file, f"it cannot be read: {error}") from error
        if replaced:
            is_old = pc.is_in(rows["review"], value_set=pa.array(sorted(replaced), pa.string()))
            rows = rows.filter(pc.invert(is_old))
        kept.insert(0, rows)
        replaced.update(part.studies or ())
    return pa.concat_tables(kept).unify_dictionaries() if kept else _empty()


def dictionary() -> list[dict[str, str]]:
    """Returns what each column means: its name, its type and its meaning, as the query's header says."""
    meanings = dict(_COLUMN.findall(_query()))
    return [{"name": name, "type": "text, dictionary-encoded", "meaning": meanings[name]} for name in COLUMNS]


def _rows_of(changed: Iterable[tuple[URIRef, Graph]]) -> pa.Table:
    studies, tables = iter(changed), [_empty()]
    while batch := list(islice(studies, _BATCH)):
        tables.append(extract(OxigraphStore.in_memory(batch)))
    return pa.concat_tables(tables).unify_dictionaries()


def _query() -> str:
    return (resources.folder("queries") / "internal" / "coding-table.rq").read_text(encoding="utf-8")


def _fingerprint() -> str:
    return hashlib.sha256(_query().encode()).hexdigest()


def _empty() -> pa.Table:
    return pa.table({name: pa.array([], pa.string()).dictionary_encode() for name in COLUMNS})


def _read_csv(answer: bytes) -> pa.Table:
    convert = pa.csv.ConvertOptions(
        column_types=dict.fromkeys(COLUMNS, pa.string()),
        include_columns=COLUMNS,
        null_values=[""],
        strings_can_be_null=True,
    )
    table = pa.csv.read_csv(
        BytesIO(answer), parse_options=pa.csv.ParseOptions(newlines_in_values=True), convert_options=convert
    )
    # Sorted, so that the same reviews make the same bytes whatever order the store gave.
    table = table.sort_by(
        [(name, "ascending") for name in ("review", "record", "coder", "item", "pattern", "dimension", "value")]
    )
    return pa.table({name: table[name].combine_chunks().dictionary_encode() for name in COLUMNS})


def _parts(folder: Path) -> list[Part] | None:
    """Returns the parts in a folder; None where there are none, or another query made them."""
    try:
        told = json.loads((folder / _PARTS).read_text(encoding="utf-8"))
    except FileNotFoundError:
        return None
    except (OSError, ValueError) as error:
        raise StoreUnavailableError(folder, f"its list of parts cannot be read: {error}") from error
    return [Part(**part) for part in told["parts"]] if told["query"] == _fingerprint() else None


def _link(file: Path, other: Path) -> None:
    """Gives a file a second name, or copies it where the device has no hard links. A part is never changed."""
    try:
        os.link(file, other)
    except OSError:
        shutil.copy2(file, other)


def _write_one(folder: Path, rows: pa.Table, file: str) -> None:
    """Writes all rows as the one part of a folder and removes the parts that were there."""
    folder.mkdir(exist_ok=True)
    # A dictionary keeps the words of rows that were left out, so it is made anew from those that stayed.
    _write_rows(folder / file, rows.cast(pa.schema([(name, pa.string()) for name in COLUMNS])).cast(_SCHEMA))
    _write_parts(folder, [Part(file, None)])
    for other in folder.glob("*.parquet"):
        if other.name != file:
            other.unlink()


def _write_rows(path: Path, rows: pa.Table) -> None:
    pq.write_table(rows, path, compression="zstd", use_dictionary=True)


def _write_parts(folder: Path, parts: Iterable[Part]) -> None:
    told = {"query": _fingerprint(), "parts": [asdict(part) for part in parts]}
    (folder / _PARTS).write_text(json.dumps(told) + "\n", encoding="utf-8")


def _dictionary_text() -> str:
    rows = "\n".join(f"| {each['name']} | {each['meaning']} |" for each in dictionary())
    return f"""\
# Data dictionary of the coding table

`{RELEASED}` (Apache Parquet, zstd) holds one row for each thing that is counted. The column `record` says what a row
is; columns that do not apply are empty. Concepts, reviews and coders are IRIs; `primary` is `true` or `false`; years
are text.

| column | meaning |
|---|---|
{rows}

Codes as one row per review × coded item × pattern × coder, with a fact about the review beside them:

pandas:

    t = pandas.read_parquet("{RELEASED}")
    harm = t[(t.record == "fact") & (t.dimension == "harm")][["review", "value"]]
    codes = t[t.record == "coding"].merge(harm, on="review", how="left")

R:

    t <- arrow::read_parquet("{RELEASED}")
    harm <- subset(t, record == "fact" & dimension == "harm", c("review", "value"))
    codes <- merge(subset(t, record == "coding"), harm, by = "review", all.x = TRUE)

Stata reads no Parquet by itself; its Python does:

    python: import pandas; t = pandas.read_parquet("{RELEASED}").astype("string").fillna("")
    python: t.to_stata("coding-table.dta", version=118, write_index=False)
    use coding-table

DuckDB:

    SELECT pattern, count(DISTINCT review) FROM '{RELEASED}' WHERE record = 'coding' AND "primary" = 'true' GROUP BY ALL

A review may have several values of one fact: count distinct reviews. Patterns are as coded and not rolled up.
"""
