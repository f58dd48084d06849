"""The practice set is synthetic, covers the typology, and tells for each item what was agreed on and why."""

from __future__ import annotations

import json
import zipfile
from pathlib import Path

import pytest
from rdflib import Literal

from learntogether_kg import ontology, reviews
from learntogether_kg.agreement.codings import Coded
from learntogether_kg.errors import AgreementError
from learntogether_kg.ingest.files import read_file
from learntogether_kg.namespaces import LT, TYP
from learntogether_kg.practice import score as practice
from learntogether_kg.second_coding import read_files, write_blind
from tests.codebooks import fill
from tests.test_cli import ltkg, one_line

CHOICES = {concept.iri: concept.choice for concept in ontology.concepts(TYP.scheme)}
TYPES = {concept.iri for concept in ontology.concepts(TYP.scheme) if concept.notation}


@pytest.fixture(scope="module")
def coded() -> Coded:
    return read_files([practice.REVIEW])


@pytest.fixture
def blind(tmp_path: Path) -> Path:
    assert practice.write_blind(tmp_path / "practice.xlsx", "me") == 20
    return tmp_path / "practice.xlsx"


def agreed_codes(coded: Coded) -> dict[str, dict[str, str]]:
    """The agreed coding as cells of a coder's workbook."""
    (coding,) = [each for each in coded.codings if each.coder.code == practice.AGREED]
    return {
        item.rpartition("/")[2]: {
            "primary": CHOICES[codes[0].pattern],
            "others": "; ".join(CHOICES[code.pattern] for code in codes[1:]),
            "influence": coded.typology.name(codes[0].influence),
        }
        for item, codes in coding.codes.items()
    }


def test_the_set_is_a_synthetic_review_that_conforms_and_says_what_it_is() -> None:
    draft = read_file(practice.REVIEW)
    assert (draft.study, LT.synthetic, Literal(True)) in draft.graph
    assert "Synthetic" in str(draft.graph.value(draft.study, LT.publicLabel))
    assert reviews.check(practice.REVIEW).results == ()
    assert "Synthetic" in practice.REVIEW.read_text(encoding="utf-8").splitlines()[0]


def test_the_set_covers_all_six_types_no_type_fits_types_alone_and_several_codes(coded: Coded) -> None:
    (agreed,) = [each for each in coded.codings if each.coder.code == practice.AGREED]
    first = [codes[0].pattern for codes in agreed.codes.values()]
    assert len(agreed.codes) == len(coded.items) >= 15
    assert {each for pattern in first for each in coded.typology.types(pattern)} == TYPES | {TYP["no-type-fits"]}
    assert {each for each in first if each in TYPES}
    assert any(len(codes) > 1 for codes in agreed.codes.values())
    assert {str(code.influence).rpartition("#")[2] for codes in agreed.codes.values() for code in codes} == {
        "unsafe", "constructive", "neutral", "unclear",
    }  # fmt: skip
    assert len(coded.derived[agreed.coder.iri]) == 2


def test_every_item_has_a_reason_and_every_other_choice_of_the_coders_a_word_on_it(coded: Coded) -> None:
    reasons = practice.reasons()
    assert set(reasons) == {item.id for item in coded.items.values()}
    assert all(reason["why"].endswith(".") for reason in reasons.values())
    named = {TYP[name] for reason in reasons.values() for name in reason.get("not", {})}
    assert named <= set(CHOICES)
    (agreed,) = [each for each in coded.codings if each.coder.code == practice.AGREED]
    for coding in coded.codings:
        for item, codes in coding.codes.items():
            if codes[0].pattern != agreed.codes[item][0].pattern:
                local = str(codes[0].pattern).removeprefix(str(TYP))
                assert local in reasons[coded.items[item].id]["not"], (item, local)
    for item, codes in agreed.codes.items():
        assert str(codes[0].pattern).removeprefix(str(TYP)) not in reasons[coded.items[item].id].get("not", {})


def test_the_workbook_gives_no_answer_away(blind: Path) -> None:
    reasons = [reason["why"][:40] for reason in practice.reasons().values()]
    with zipfile.ZipFile(blind) as archive:
        everything = b"".join(archive.read(name) for name in archive.namelist()).decode(errors="replace")
    assert "practice-" not in everything
    assert not [each for each in reasons if each in everything]


def test_the_agreed_coding_scores_full_marks(blind: Path, coded: Coded) -> None:
    found = practice.score(fill(blind, agreed_codes(coded)))
    assert found.summary == "me: 20 of 20 as agreed"
    assert not any(each.influence_differs or each.note for each in found.items)
    assert {each.level: each.figures["Krippendorff's alpha"].estimate for each in found.agreements} == {
        "type": 1,
        "sub-pattern": 1,
    }


def test_each_item_is_scored_with_the_reason_for_the_agreed_code(blind: Path, coded: Coded) -> None:
    codes = agreed_codes(coded)
    codes["F2"] = {"primary": "T4 › Nature of the task", "influence": "Unsafe"}
    codes["F9"] = {"primary": "T1 › Assessment forms", "influence": "Unsafe"}
    codes["F19"] = {"primary": "T1 › Assessment forms", "influence": "Neutral"}
    del codes["F12"]
    found = practice.score(fill(blind, codes))
    told = {each.item.id: each for each in found.items}
    assert {name: told[name].verdict for name in ("F1", "F2", "F9", "F12", "F19")} == {
        "F1": "as agreed",
        "F2": "another type",
        "F9": "right type",
        "F12": "not coded",
        "F19": "further code first",
    }
    assert found.summary == "me: 16 of 20 as agreed; 1 further code first, 1 right type, 1 another type, 1 not coded"
    assert told["F2"].note == practice.reasons()["F2"]["not"]["nature-of-the-task-longer-term"]
    assert told["F19"].influence_differs
    assert told["F12"].why.startswith("It tells of an event")
    figure = next(each for each in found.agreements if each.level == "type").figures["observed agreement"]
    assert (figure.items, figure.estimate) == (19, pytest.approx(17 / 19))


def test_what_is_no_coding_of_the_set_is_said_in_one_sentence(blind: Path, tmp_path: Path) -> None:
    with pytest.raises(AgreementError, match="nothing is coded in it yet"):
        practice.score(blind)
    other = tmp_path / "other.xlsx"
    write_blind(Path("learntogether_kg/teaching/review-01.ttl"), "me", other)
    for file in (other, Path("learntogether_kg/teaching/review-01.ttl")):
        with pytest.raises(AgreementError, match="no coding of the practice set"):
            practice.score(file)
    with pytest.raises(AgreementError, match="practice-a has coded this review already"):
        practice.write_blind(other, "practice-a")


def test_the_command_writes_and_scores(tmp_path: Path, coded: Coded) -> None:
    path = tmp_path / "practice.xlsx"
    run = ltkg("practice", path)
    assert run.returncode == 0, run.stderr
    assert "20 synthetic statements" in run.stdout
    codes = agreed_codes(coded)
    codes["F10"] = {"primary": "T4 › Shared responsibility", "influence": "Unsafe"}
    fill(path, codes)
    run = ltkg("practice", "--score", path)
    assert run.returncode == 0, run.stderr
    for words in (
        "me: 19 of 20 as agreed; 1 right type",
        "By type:",
        "By sub-pattern:",
        "cohen",
        "all of it synthetic",
    ):
        assert words.casefold() in run.stdout.casefold()
    assert " ".join(practice.reasons()["F10"]["not"]["shared-responsibility"].split()[:2]) in run.stdout
    document = json.loads(ltkg("practice", "--score", path, "--json").stdout)
    assert document["items"][9]["score"] == "right type"
    assert document["agreement"]["type"]["Cohen's kappa"]["estimate"] == 1
    for arguments, words in [
        (("practice",), "say one of both"),
        (("practice", path, "--score", path), "say one of both"),
        (("practice", path), "it is there already"),
        (("practice", "--score", tmp_path / "none.xlsx"), "there is no such file"),
    ]:
        run = ltkg(*arguments)
        assert run.returncode == 2
        assert one_line(run.stderr)
        assert words in run.stderr
