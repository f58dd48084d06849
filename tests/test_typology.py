"""An extension is checked before it is put to use, and no library takes an ontology that the reasoner refuses."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest
from rdflib import OWL, RDFS, SKOS, URIRef

from learntogether_kg import resources
from learntogether_kg.errors import InconsistentOntologyError, OntologyError
from learntogether_kg.library import Library
from learntogether_kg.namespaces import LT, TYP
from learntogether_kg.typology.extension import check_extension

pytestmark = pytest.mark.usefixtures("vetted_ontology")
ROOT = Path(__file__).parent.parent
HEADER = f"""
@prefix lt: <{LT}> . @prefix typ: <{TYP}> . @prefix owl: <{OWL}> . @prefix rdfs: <{RDFS}> . @prefix skos: <{SKOS}> .
@prefix xsd: <http://www.w3.org/2001/XMLSchema#> . @prefix : <urn:x:> .
<urn:x> a owl:Ontology ; owl:imports <https://w3id.org/learntogether/ontology> .
"""
FITS = ":Walk a owl:Class ; rdfs:subClassOf lt:Conversation ."
CONTRADICTS = ":Both a owl:Class ; rdfs:subClassOf lt:Review , lt:Synthesis ."


def extension(folder: Path, turtle: str) -> Path:
    file = folder / "more.ttl"
    file.write_text(HEADER + turtle, encoding="utf-8")
    return file


def test_an_extension_that_fits_is_told_with_what_it_adds(tmp_path: Path) -> None:
    found = check_extension(extension(tmp_path, FITS))
    assert (found.iri, found.terms, found.statements) == (URIRef("urn:x"), (URIRef("urn:x:Walk"),), 4)


def test_an_extension_that_contradicts_is_told_with_file_and_terms(tmp_path: Path) -> None:
    file = extension(tmp_path, CONTRADICTS)
    with pytest.raises(InconsistentOntologyError) as refused:
        check_extension(file)
    assert refused.value.file == file
    assert set(refused.value.terms) == {URIRef("urn:x:Both"), LT.Review, LT.Synthesis}
    assert "Review disjointWith Synthesis" in refused.value.explanation


@pytest.mark.parametrize(
    ("turtle", "said"),
    [
        (":a :b :c :d .", r"line 5: not Turtle"),
        (":a :b", r"it ends in the middle of a statement"),
        (':a :b "x', r"a quotation mark is missing"),
        ("<urn:x> owl:imports <urn:nowhere> .", r"imports <urn:nowhere>, of which there is no copy"),
        (":i lt:reportYear 'x'^^xsd:integer .", r"'x' is no value of the datatype"),
        (":i lt:publicLabel '2015'^^xsd:gYear .", r"more\.ttl: the reasoner gave up: Literals can only use"),
        (":i a <http://a b> .", r"<http://a b> is no IRI"),
        (":i lt:p " + "[ lt:p " * 3000 + "1 " + "]" * 3000 + " .", r"nested too deeply"),
        (
            ":c a lt:Pattern ; skos:inScheme typ:scheme ; skos:prefLabel 'Supervision'@en ; "
            "skos:broader typ:human-management-system-operation .",
            r"both read 'T2 › Supervision'",
        ),
    ],
    ids=[
        "no-turtle",
        "cut-off",
        "open-text",
        "no-such-import",
        "odd-literal",
        "datatype",
        "odd-iri",
        "nested",
        "reads-the-same",
    ],
)
def test_an_extension_that_cannot_be_used_is_told_in_one_sentence(tmp_path: Path, turtle: str, said: str) -> None:
    with pytest.raises(OntologyError, match=said) as refused:
        check_extension(extension(tmp_path, turtle))
    assert not isinstance(refused.value, InconsistentOntologyError)
    assert "\n" not in str(refused.value)
    assert "Exception" not in str(refused.value)


def test_an_extension_that_is_in_the_folder_already_is_checked_as_itself() -> None:
    for file in resources.files("ontology", "extensions/*.ttl"):
        assert check_extension(Path(os.path.relpath(file))).terms


# What a library takes: the command line run in a copy of the project, which may have any extension.


@dataclass(frozen=True)
class Checkout:
    """A copy of the project whose ontology may be changed."""

    root: Path

    def extend(self, turtle: str) -> Path:
        folder = self.root / "ontology" / "extensions"
        folder.mkdir(exist_ok=True)
        return extension(folder, turtle)

    def ltkg(self, *arguments: object) -> tuple[int, str, bool]:
        """Returns the exit code, what was told on standard error, and whether the reasoner was even loaded."""
        script = (
            "import sys; from learntogether_kg import cli\n"
            "try: cli.main()\n"
            "finally: print('owlready2' in sys.modules, file=sys.stderr)"
        )
        command = [sys.executable, "-c", script, *map(str, arguments)]
        environment = {**os.environ, "PYTHONPATH": str(self.root)}
        done = subprocess.run(command, cwd=self.root, env=environment, capture_output=True, text=True, check=False)
        told, _, loaded = done.stderr.strip().rpartition("\n")
        return done.returncode, told, loaded == "True"


@pytest.fixture
def checkout(tmp_path: Path) -> Checkout:
    root = tmp_path / "checkout"
    root.mkdir()
    for name in ("learntogether_kg", "api", "shapes", "queries"):
        (root / name).symlink_to(ROOT / name)
    shutil.copytree(ROOT / "ontology", root / "ontology")
    return Checkout(root)


SAMPLE = ROOT / "learntogether_kg" / "sample" / "review-01.xlsx"
NEXT = ROOT / "learntogether_kg" / "sample" / "review-02.xlsx"


def test_ordinary_work_does_not_start_the_reasoner(checkout: Checkout) -> None:
    assert checkout.ltkg("init") == (0, "", False)
    assert checkout.ltkg("submit", SAMPLE) == (0, "", False)
    assert checkout.ltkg("withdraw", "Review 01", "--reason", "test") == (0, "", False)


def test_a_new_ontology_is_vetted_once_for_each_library(checkout: Checkout) -> None:
    checkout.ltkg("init")
    checkout.extend(FITS)
    assert checkout.ltkg("submit", SAMPLE) == (0, "", True)
    assert checkout.ltkg("submit", NEXT) == (0, "", False), "the state holds it, so it was vetted"
    assert checkout.ltkg("init", "--library", "other") == (0, "", True)


@pytest.mark.parametrize("command", ["init", "demo"])
def test_no_library_is_made_with_an_ontology_that_the_reasoner_refuses(checkout: Checkout, command: str) -> None:
    file = checkout.extend(CONTRADICTS)
    code, told, _ = checkout.ltkg(command)
    assert code == 1
    assert f"{file}: would make the ontology contradict itself" in told
    assert "urn:x:Both" in told
    assert not (checkout.root / "library").exists()


def test_no_state_is_made_with_an_ontology_that_the_reasoner_refuses(checkout: Checkout) -> None:
    checkout.ltkg("init")
    checkout.ltkg("submit", NEXT)
    before = Library.open(checkout.root / "library").current().manifest
    checkout.extend(CONTRADICTS)
    for arguments in (["submit", SAMPLE], ["withdraw", "Review 02", "--reason", "test"]):
        code, told, _ = checkout.ltkg(*arguments)
        assert code == 1
        assert "Review disjointWith Synthesis" in told
    assert Library.open(checkout.root / "library").current().manifest == before


def test_the_command_checks_an_extension(checkout: Checkout, tmp_path: Path) -> None:
    assert checkout.ltkg("typology", "check", extension(tmp_path, FITS))[0] == 0
    code, told, _ = checkout.ltkg("typology", "check", extension(tmp_path, CONTRADICTS))
    assert (code, "urn:x:Both" in told) == (1, True)
    code, told, _ = checkout.ltkg("typology", "check", tmp_path / "none.ttl")
    assert (code, told.count("\n"), "No such file" in told) == (2, 0, True)


def test_an_ontology_that_contradicts_itself_already_is_told_before_a_further_extension(
    checkout: Checkout, tmp_path: Path
) -> None:
    file = checkout.extend(CONTRADICTS)
    (tmp_path / "fine.ttl").write_text((HEADER + FITS).replace("<urn:x>", "<urn:y>"), encoding="utf-8")
    code, told, _ = checkout.ltkg("typology", "check", tmp_path / "fine.ttl")
    assert code == 1
    assert f"{file}: would make" in told


def test_serving_never_loads_the_reasoner(checkout: Checkout) -> None:
    checkout.extend(FITS)
    checkout.ltkg("init")
    checkout.ltkg("publish")
    script = (
        "import sys, pathlib; from starlette.testclient import TestClient\n"
        "from api.main import create_app; from api.settings import Settings\n"
        "client = TestClient(create_app(Settings(library=pathlib.Path('library'))))\n"
        "print([client.get(path).status_code for path in ('/', '/ontology', '/reviews.json')])\n"
        "print('owlready2' in sys.modules)"
    )
    done = subprocess.run(
        [sys.executable, "-c", script],
        cwd=checkout.root,
        env={**os.environ, "PYTHONPATH": str(checkout.root)},
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.strip() == "[200, 200, 200]\nFalse"
