"""The typology as a codebook that other programs read."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from uuid import NAMESPACE_URL, uuid5

import pytest
from pyrefiqda import RefiCodebook
from pyrefiqda.models.codebook import CodeType

from learntogether_kg.errors import UnreadableFileError
from learntogether_kg.namespaces import TYP
from learntogether_kg.typology import versions
from learntogether_kg.typology.codebook import export_codebook
from learntogether_kg.typology.export import WRITERS, export
from tests.test_cli import ltkg

GIVEN_UP = """
@prefix lt: <https://w3id.org/learntogether/ontology#> . @prefix typ: <https://w3id.org/learntogether/typology#> .
@prefix owl: <http://www.w3.org/2002/07/owl#> . @prefix skos: <http://www.w3.org/2004/02/skos/core#> .
<urn:x> a owl:Ontology ; owl:imports <https://w3id.org/learntogether/ontology> .
<urn:x:tablets> a skos:Concept ; skos:prefLabel "Tablets & <phones>"@en ; skos:inScheme typ:scheme ;
    skos:broader typ:human-tool-operation , typ:supervision ; owl:deprecated true .
"""


def flat(codes: list[CodeType], above: str = "") -> Iterator[tuple[CodeType, str]]:
    for code in codes:
        yield code, above
        yield from flat(code.code, code.guid)


def read(path: Path) -> dict[str, tuple[CodeType, str]]:
    listed = list(flat(RefiCodebook.load(path).codes.code))
    found = {code.guid: (code, above) for code, above in listed}
    assert len(found) == len(listed), "an identifier stands twice"
    return found


def guid(local: str) -> str:
    return str(uuid5(NAMESPACE_URL, f"https://w3id.org/learntogether/typology#{local}")).upper()


def test_the_codebook_has_every_term_below_the_one_above_it(tmp_path: Path) -> None:
    typology = versions.newest()
    export_codebook(typology, tmp_path / "t.qdc")
    found = read(tmp_path / "t.qdc")
    assert len(found) == len(typology.terms) > 20
    for iri, term in typology.terms.items():
        code, above = found[guid(iri.removeprefix(str(TYP)))]
        assert term.label in code.name
        assert term.definition in " ".join((code.description or "").split())
        assert (code.description or "").endswith(str(iri))
        assert above in {guid(each.removeprefix(str(TYP))) for each in term.broader} or not term.broader


def test_an_identifier_is_for_ever(tmp_path: Path) -> None:
    # Worked out apart: sha1(NAMESPACE_URL bytes + IRI), version and variant bits set as RFC 9562, section 5.5 says.
    export_codebook(versions.newest(), tmp_path / "t.qdc")
    assert read(tmp_path / "t.qdc")["1C8C9076-3CAC-5FC0-9961-DA1F7176D2B6"][0].name == "Supervision"


def test_the_same_label_under_two_types_is_two_codes(tmp_path: Path) -> None:
    export_codebook(versions.newest(), tmp_path / "t.qdc")
    same = [above for code, above in read(tmp_path / "t.qdc").values() if code.name == "Nature of the task"]
    assert len(set(same)) == 2


def test_a_term_that_was_given_up_stays_but_is_not_codable_and_stands_in_one_place(tmp_path: Path) -> None:
    (tmp_path / "more.ttl").write_text(GIVEN_UP, encoding="utf-8")
    run = ltkg("typology", "export", tmp_path / "t.qdc", "--version", tmp_path / "more.ttl")
    assert run.returncode == 0, run.stderr
    code, above = read(tmp_path / "t.qdc")[str(uuid5(NAMESPACE_URL, "urn:x:tablets")).upper()]
    assert (code.name, code.is_codable) == ("Tablets & <phones>", False)
    assert above in {guid("human-tool-operation"), guid("supervision")}
    assert "Stands under: Human-tool operation; Supervision." in (code.description or "")
    assert sum(not each.is_codable for each, _ in read(tmp_path / "t.qdc").values()) == 1


def test_the_same_typology_is_the_same_file(tmp_path: Path) -> None:
    for name in ("a.qdc", "b.qdc"):
        export_codebook(versions.newest(), tmp_path / name)
    assert (tmp_path / "a.qdc").read_bytes() == (tmp_path / "b.qdc").read_bytes()


@pytest.mark.parametrize("suffix", WRITERS)
def test_every_form_is_written_by_the_command_and_none_replaces_a_file_unasked(tmp_path: Path, suffix: str) -> None:
    to = tmp_path / f"typology{suffix}"
    assert ltkg("typology", "export", to).returncode == 0
    assert to.stat().st_size > 1000
    again = ltkg("typology", "export", to)
    assert again.returncode == 2
    assert "--force" in again.stderr
    assert ltkg("typology", "export", to, "--force").returncode == 0


def test_an_unknown_form_is_refused_with_those_there_are(tmp_path: Path) -> None:
    with pytest.raises(UnreadableFileError, match=r"give one of .*\.qdc"):
        export(versions.newest(), tmp_path / "t.pdf")
    run = ltkg("typology", "export", tmp_path / "no" / "t.qdc")
    assert run.returncode == 2
    assert "cannot be written" in run.stderr
