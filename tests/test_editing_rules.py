"""The rules of editing: what a term of an extension must say of itself, and what it may say of another."""

from __future__ import annotations

from pathlib import Path

import pytest
from rdflib import SKOS, Graph, URIRef

from learntogether_kg import ontology
from learntogether_kg.namespaces import TYP
from learntogether_kg.typology.extension import blank_extension
from tests.test_cli import ltkg

CASES = Path(__file__).parent / "typology"
GAPS = {
    "skos:definition": "one definition",
    "skos:scopeNote": "a scope note",
    "skos:example": "an example",
    "skos:editorialNote": "its source",
    "lt:status": "its status",
    "lt:sinceVersion": "the version of the typology",
    "skos:broader": "one of the six types",
}


@pytest.mark.parametrize("left_out", GAPS)
def test_a_term_that_lacks_something_is_named_with_what_it_lacks(tmp_path: Path, left_out: str) -> None:
    file = tmp_path / "mine.ttl"
    head, mark, term = blank_extension().partition(":example a lt:Pattern")
    lines = [line for line in term.splitlines() if not line.strip().startswith(left_out)]
    assert len(lines) == len(term.splitlines()) - 1
    file.write_text(head + mark + "\n".join(lines), encoding="utf-8")
    said = set()
    for command in (["typology", "check", file], ["init", "--extension", file, "--library", tmp_path / "library"]):
        run = ltkg(*command)
        assert run.returncode == 1, run.stderr
        assert "1 thing(s) are missing" in run.stderr
        assert GAPS[left_out] in run.stderr
        said.add(run.stderr)
    assert len(said) == 1, "what goes into a library passes the same check"
    assert not (tmp_path / "library").exists()


CARRIED_ON = CASES / "changes" / "carried-on.ttl"
CARRIED_ON_TERM = URIRef("https://example.org/carried-on#supervision")
_SAYS, _REPLACED = "lt:carriesOn typ:supervision", "dct:isReplacedBy :supervision"
NOT_CARRIED_ON = {
    "of-two": (_SAYS, f"{_SAYS}, typ:clear-roles", "must be one pattern"),
    "of-none": (_SAYS, "lt:carriesOn typ:no-such-pattern", "must be one pattern"),
    "in-no-place": (_REPLACED, "dct:isReplacedBy typ:clear-roles", "must take the place of what"),
    "merged": ("typ:supervision owl:", f"typ:clear-roles {_REPLACED} . typ:supervision owl:", "of nothing else"),
    "a-part": (_REPLACED, f"{_REPLACED}, typ:clear-roles", "a part carries on none"),
    "redefined": ("content and style of supervision", "content of supervision", "its definition is not that of"),
}


@pytest.mark.parametrize("wrong", NOT_CARRIED_ON)
def test_what_does_not_carry_on_a_term_may_not_say_so(tmp_path: Path, wrong: str) -> None:
    before, after, said = NOT_CARRIED_ON[wrong]
    text = CARRIED_ON.read_text(encoding="utf-8")
    assert text.count(before) == 1
    file = tmp_path / "mine.ttl"
    file.write_text(text.replace(before, after), encoding="utf-8")
    run = ltkg("typology", "check", file)
    assert run.returncode == 1, run.stderr
    assert said in run.stderr
    assert f"<{CARRIED_ON_TERM}>" in run.stderr


@pytest.mark.parametrize("kept", [True, False])
def test_what_carries_on_a_term_keeps_its_scope_notes(tmp_path: Path, kept: bool) -> None:
    whole, term = ontology.load_ontology(), TYP["resource-demand-mismatch"]
    text = CARRIED_ON.read_text(encoding="utf-8").replace("typ:supervision", "typ:resource-demand-mismatch")
    for predicate in (SKOS.definition, SKOS.scopeNote) if kept else (SKOS.definition,):
        (said,), (mine,) = (set(graph.objects(each, predicate)) for graph, each in
                            ((whole, term), (Graph().parse(CARRIED_ON), CARRIED_ON_TERM)))  # fmt: skip
        text = text.replace(mine.n3(), said.n3())
    file = tmp_path / "mine.ttl"
    file.write_text(text, encoding="utf-8")
    run = ltkg("typology", "check", file)
    assert (run.returncode, "or a scope note of that is gone" in run.stderr) == (0 if kept else 1, not kept), run.stderr


@pytest.mark.parametrize(
    "file", [CASES / "moved.ttl", *sorted((CASES / "changes").glob("*.ttl"))], ids=lambda each: each.stem
)
def test_an_extension_that_deprecates_a_published_term_passes_the_check(file: Path) -> None:
    """The deprecated term describes itself in the file that brought it, and is asked only what takes its place."""
    run = ltkg("typology", "check", file)
    assert (run.returncode, run.stderr) == (0, "")
