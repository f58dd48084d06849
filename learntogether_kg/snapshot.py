"""A state or a release on disk, and what it says of itself."""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict, dataclass, field
from functools import cached_property
from pathlib import Path

import pyarrow as pa
from rdflib import URIRef

from learntogether_kg import coding_table
from learntogether_kg.errors import StoreUnavailableError
from learntogether_kg.namespaces import CATALOGUE, ONTOLOGY_GRAPH
from learntogether_kg.store.oxigraph import OxigraphStore

EXTENSIONS = "extensions"
"""The folder of a state or a release for the extensions of the ontology that were in use beside the package's own."""

DISCLOSURE = "disclosure"
"""The folder of a release for what disclosure control keeps of it; only a release under a restricted profile has it."""


@dataclass(frozen=True)
class Manifest:
    """What a state or a release says of itself.

    Attributes:
        state: The number of the state.
        made: When it was made, in UTC.
        software: The version of this software that made it.
        ontology: The fingerprint of the ontology, typology and code lists in it.
        quads: How many quads its store holds; None for a state of a live library.
        studies: How many reviews and syntheses it holds.
        release: The name of the release; empty for a state.
        files: SHA-256 of each file of a release's store and of its coding table; empty for a state.
    """

    state: int
    made: str
    software: str
    ontology: str
    quads: int | None
    studies: int
    release: str = ""
    files: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Snapshot:
    """A state or a release on disk, opened read-only when its store is first asked for."""

    path: Path

    @cached_property
    def manifest(self) -> Manifest:
        """What it says of itself."""
        try:
            return Manifest(**json.loads((self.path / "manifest.json").read_text(encoding="utf-8")))
        except (OSError, ValueError, TypeError) as error:
            raise StoreUnavailableError(self.path, f"its manifest cannot be read: {error}") from error

    @cached_property
    def store(self) -> OxigraphStore:
        """Its triples, read-only."""
        return OxigraphStore.open(self.path / "store")

    def coding(self) -> pa.Table:
        """Returns its coding table; see `coding_table`."""
        return coding_table.load(self.path / coding_table.FOLDER, self.store)

    def extensions(self) -> list[Path]:
        """Returns the files of the extensions of the ontology that it was made with, beside the package's own."""
        return sorted((self.path / EXTENSIONS).glob("[0-9]*"))

    def studies(self) -> list[URIRef]:
        """Returns the IRIs of the reviews and syntheses in it, sorted."""
        return studies_in(self.store)

    def is_whole(self) -> bool:
        """Returns whether the store holds as many quads as the manifest says."""
        return len(self.store) == self.manifest.quads

    def altered_files(self) -> list[str]:
        """Returns the files of a release whose bytes are not those that were published."""
        found = hash_files(self.path)
        return sorted(name for name, digest in self.manifest.files.items() if found.get(name) != digest)


def studies_in(store: OxigraphStore) -> list[URIRef]:
    """Returns the IRIs of the reviews and syntheses in a store, sorted."""
    return [name for name in store.graph_names() if name not in (ONTOLOGY_GRAPH, CATALOGUE)]


def write_manifest(folder: Path, manifest: Manifest) -> None:
    """Writes the manifest of a state or release that is being built."""
    text = json.dumps(asdict(manifest), indent=2, sort_keys=True) + "\n"
    (folder / "manifest.json").write_text(text, encoding="utf-8")


def hash_files(folder: Path) -> dict[str, str]:
    """Returns the SHA-256 of each file of a release that holds what was published, by name.

    RocksDB writes its own log and lock when a store is opened; those are no part of it.
    """
    store = (path for path in (folder / "store").iterdir() if path.suffix == ".sst" or path.name.startswith("MANIFEST"))
    others = (*(folder / DISCLOSURE).glob("*"), *(folder / EXTENSIONS).glob("*"))
    files = sorted((*store, *(folder / coding_table.FOLDER).glob("*.parquet"), *others))
    return {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in files}
