"""What differs between two versions is found, sorted into kinds of change, and told alike in every form.

``typology/old.ttl`` and ``new.ttl`` are written for this; ``difference.text`` was worked out from them by hand, and the
other golden files say the same in their own form.
"""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from rdflib import SKOS, Graph, Literal, URIRef

from learntogether_kg.errors import OntologyError, UnknownVersionError
from learntogether_kg.namespaces import TYP
from learntogether_kg.typology import versions
from learntogether_kg.typology.changes import Kind, compare
from learntogether_kg.typology.difference import Difference, Form
from learntogether_kg.typology.terms import Typology
from tests.test_cli import ltkg

CASES = Path(__file__).parent / "typology"
OLD, NEW = CASES / "old.ttl", CASES / "new.ttl"


@pytest.mark.parametrize("form", Form)
def test_the_difference_is_told_as_the_golden_file_has_it(form: Form) -> None:
    run = ltkg("typology", "diff", OLD, NEW, "--format", form)
    assert run.returncode == 0, run.stderr
    expected = (CASES / f"difference.{form}").read_text(encoding="utf-8")
    if form is Form.HTML:  # the golden file holds what stands under the title
        _, title, rest = re.split(r"<h1>(.*)</h1>\n", run.stdout)
        assert title == expected_title()
        rest, _, _ = rest.partition("</body>")
        assert rest.replace("\n", "") == expected.replace("\n", "")
    else:
        assert run.stdout == expected


def expected_title() -> str:
    return (CASES / "difference.text").read_text(encoding="utf-8").splitlines()[0]


def test_every_kind_of_change_is_in_the_golden_pair() -> None:
    found = {kind for change in compare(versions.find(str(OLD)), versions.find(str(NEW))) for kind in change.kinds}
    assert found == set(Kind)


def test_nothing_differs_from_itself() -> None:
    assert ltkg("typology", "diff", OLD, OLD).stdout.endswith(": no change\n")
    assert ltkg("typology", "diff", "version-2008", "Typology of 2008").stdout.endswith(": no change\n")


def test_backwards_what_was_added_was_given_up() -> None:
    changes = compare(versions.find(str(NEW)), versions.find(str(OLD)))
    kinds = {(change.old or change.new[0]).label: change.kinds[0] for change in changes}
    assert (kinds["Chat"], kinds["Pager"], kinds["Duty list"]) == (Kind.DEPRECATED, Kind.ADDED, Kind.MOVED)


def test_what_follows_its_parent_has_not_moved() -> None:
    """A term whose parent is replaced one to one, and that stands under the replacement, stands where it stood."""
    before = graph(("a", None), ("b", "a"))
    after = graph(("a", None), ("a2", None), ("b", "a2"))
    after.add((URIRef("urn:a"), URIRef("http://purl.org/dc/terms/isReplacedBy"), URIRef("urn:a2")))
    changes = compare(read(before), read(after))
    assert [(change.kinds, change.old and change.old.label) for change in changes] == [
        ((Kind.REPLACED, Kind.RELABELLED), "a")
    ]


def graph(*terms: tuple[str, str | None]) -> Graph:
    made = Graph()
    for name, above in terms:
        made.add((URIRef(f"urn:{name}"), SKOS.inScheme, URIRef("urn:s")))
        made.add((URIRef(f"urn:{name}"), SKOS.prefLabel, Literal(name)))
        if above:
            made.add((URIRef(f"urn:{name}"), SKOS.broader, URIRef(f"urn:{above}")))
    return made


def read(made: Graph) -> Typology:
    return Typology.read("made up", made, [URIRef("urn:s")])


def test_the_first_pair_is_that_of_2008_and_the_later_wording() -> None:
    """Six types, each mapped one to one by skos:closeMatch; nothing is known of the rest in the later wording."""
    changes = Difference.between(versions.find("version-2008"), versions.find("later-wording")).changes
    pairs = {(str(c.old.label), c.new[0].label) for c in changes if c.old and Kind.REPLACED in c.kinds}
    assert pairs == {
        ("Human-tool operation", "Tools"),
        ("Human-management system operation", "Management systems"),
        ("Incidents and crises", "Responses to incidents"),
        ("Assessment and longer-term work", "Longer-term work"),
        ("Family-professional interactions", "Family-professional interactions"),
        ("Human judgement and reasoning", "Human biases, cognitive and emotional"),
    }
    rest = [change for change in changes if Kind.REPLACED not in change.kinds]
    typology = versions.find("version-2008")
    assert len(rest) == len(typology.terms) - 6
    assert {change.kinds for change in rest} == {(Kind.DEPRECATED,)}
    assert not any(change.mechanical for change in changes), "close is not the same, so a person must look"


def test_a_version_is_found_by_file_by_folder_and_by_every_name() -> None:
    by_name = versions.find("version-2008")
    assert list(by_name.terms) == list(versions.find("typ:version-2008").terms)
    assert list(by_name.terms) == list(versions.find(str(TYP["version-2008"])).terms)
    root = Path(__file__).parent.parent / "ontology"
    assert list(by_name.terms) == list(versions.find(str(root)).terms)
    assert list(by_name.terms) == list(versions.find(str(root / "typology.ttl")).terms)
    later = versions.find(str(root / "extensions" / "later-wording.ttl"))
    assert list(later.terms) == list(versions.find("later-wording").terms)


@pytest.mark.parametrize(
    ("turtle", "said"),
    [
        ("<urn:a> <urn:b> .", "line 1: not Turtle"),
        ("<urn:a> <urn:b> <urn:c> .", "neither an ontology nor a concept scheme"),
        (
            "@prefix s: <http://www.w3.org/2004/02/skos/core#> . <urn:s> a s:ConceptScheme . "
            "<urn:a> s:inScheme <urn:s> ; s:prefLabel 'a' ; s:broader <urn:b> . "
            "<urn:b> s:inScheme <urn:s> ; s:prefLabel 'b' ; s:broader <urn:a> .",
            "stands above itself",
        ),
        (
            "@prefix s: <http://www.w3.org/2004/02/skos/core#> . <urn:s> a s:ConceptScheme . "
            "<urn:a> s:inScheme <urn:s> ; s:prefLabel 'a' ; s:broader <urn:none> .",
            "stands under <urn:none>, which no file describes",
        ),
    ],
    ids=["no-turtle", "no-scheme", "cycle", "dangling"],
)
def test_a_file_that_is_no_typology_is_told_in_one_sentence(tmp_path: Path, turtle: str, said: str) -> None:
    file = tmp_path / "odd.ttl"
    file.write_text(turtle, encoding="utf-8")
    with pytest.raises(OntologyError, match=said) as told:
        versions.find(str(file))
    assert "\n" not in str(told.value)
    run = ltkg("typology", "diff", OLD, file)
    assert (run.returncode, run.stderr.count("\n")) == (2, 1)


def test_a_name_that_is_none_is_answered_with_those_there_are() -> None:
    with pytest.raises(UnknownVersionError, match="known are version-2008, clinical-factors, later-wording"):
        versions.find("1999")


def test_a_file_that_is_there_is_not_written_over(tmp_path: Path) -> None:
    assert ltkg("typology", "diff", OLD, NEW, "--out", tmp_path / "a.txt").returncode == 0
    assert (tmp_path / "a.txt").read_text(encoding="utf-8") == (CASES / "difference.text").read_text(encoding="utf-8")
    run = ltkg("typology", "diff", OLD, NEW, "--out", tmp_path / "a.txt")
    assert (run.returncode, "there already" in run.stderr) == (2, True)
