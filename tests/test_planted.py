"""Each rule, planted as an error in a workbook, is reported at exactly its cell.

``planted/clean.toml`` is a review at full depth of which a check has nothing to say. The other files of ``planted/``,
one for each file of ``shapes/``, hold an error for each rule: what to write where, and at which cell the rule must
then report. Nothing else may be reported, but for what ``besides`` names with its reason. Where ``at`` is not given the
rule must report at the cell that was written into. A rule that no workbook can break stands under ``cannot``, with the
reason.

The errors are planted in the cells as read, which is quick; some also in a workbook file on disk.
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import pytest
from rdflib import OWL, RDF, SH, Graph, Literal

from learntogether_kg import resources, reviews
from learntogether_kg.ingest.cells import Cells, read_cells
from learntogether_kg.ingest.layout import sheets
from learntogether_kg.ingest.workbook import read_review
from learntogether_kg.namespaces import CL, LT, LTS
from learntogether_kg.ontology import load_ontology, load_shapes
from learntogether_kg.validation.engine import validate
from learntogether_kg.validation.report import Severity, ValidationReport
from tests.planting import FOLDER, Plant, Workbook, read_exceptions, read_plants, write_clean

PLANTS = read_plants()
CANNOT = dict(read_exceptions())
Told = list[tuple[str, str, str]]


@pytest.fixture(scope="module")
def file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_clean(tmp_path_factory.mktemp("planted") / "clean.xlsx")


@pytest.fixture(scope="module")
def clean(file: Path) -> Workbook:
    return Workbook(read_cells(file))


def check(cells: Cells) -> ValidationReport:
    read = read_review(Path("planted.xlsx"), cells)
    return validate(read.graph, read.source_map, "planted.xlsx", custody=read.custody)


def told(report: ValidationReport) -> Told:
    return sorted((each.rule, str(each.cell), each.severity.value) for each in report.told())


def wanted(plant: Plant, planted: Workbook) -> Told:
    expected = [(plant.rule, place) for place in plant.at] + [(each.rule, each.at) for each in plant.besides]
    return sorted((rule, str(planted.find(place)), severity(rule).value) for rule, place in expected)


def severity(rule: str) -> Severity:
    return Severity.of(load_shapes().value(LTS[rule], SH.severity))


def test_of_the_clean_workbook_a_check_has_nothing_to_say(clean: Workbook) -> None:
    assert told(check(clean.cells)) == []


@pytest.mark.parametrize("plant", PLANTS.values(), ids=PLANTS)
def test_a_planted_error_is_reported_at_exactly_its_cell(clean: Workbook, plant: Plant) -> None:
    planted = clean.plant(plant.edits)
    assert told(check(planted.cells)) == wanted(plant, planted)


def one_for_each_sheet_and_severity() -> dict[str, Plant]:
    chosen: dict[tuple[str, Severity], Plant] = {}
    for plant in PLANTS.values():
        for place in plant.edits:
            chosen.setdefault((place.partition("/")[0], severity(plant.rule)), plant)
    return {plant.rule: plant for plant in chosen.values()}


ON_DISK = one_for_each_sheet_and_severity()


@pytest.mark.parametrize("plant", ON_DISK.values(), ids=ON_DISK)
def test_it_is_so_in_a_file_too(tmp_path: Path, file: Path, clean: Workbook, plant: Plant) -> None:
    planted = clean.plant(plant.edits)
    path = tmp_path / "planted.xlsx"
    path.write_bytes(planted.write_into(file.read_bytes(), plant.edits))
    assert told(reviews.check(path)) == wanted(plant, planted)


# Completeness


def reporting_rules(shapes: Graph) -> set[str]:
    return {str(shape).rpartition("#")[2] for shape in shapes.subjects(SH.severity)}


def test_each_rule_is_planted_or_it_is_said_why_no_workbook_can_break_it() -> None:
    assert set(PLANTS) | set(CANNOT) == reporting_rules(load_shapes())
    assert set(PLANTS) & set(CANNOT) == set()
    assert len(read_exceptions()) == len(CANNOT)
    assert all(CANNOT.values())


def test_a_rule_stands_in_the_file_that_is_named_like_that_of_its_shape() -> None:
    for path in resources.files("shapes", "*.ttl"):
        expected = reporting_rules(Graph().parse(path, format="turtle"))
        held = FOLDER / f"{path.stem}.toml"
        assert {*read_plants(held), *(rule for rule, _ in read_exceptions(held))} == expected, path.name


def test_what_no_workbook_can_break_no_planted_error_breaks() -> None:
    assert set(CANNOT) & {beside.rule for plant in PLANTS.values() for beside in plant.besides} == set()


def test_the_typology_is_still_one_that_no_workbook_can_outdate() -> None:
    model = load_ontology()
    deprecated = {*model.subjects(LT.status, CL.deprecated), *model.subjects(OWL.deprecated, Literal(True))}
    one_version = len(set(model.subjects(RDF.type, LT.TypologyVersion))) == 1
    assert one_version or "ClassificationShape-termInVersion" in PLANTS, "a workbook can now break the rule: plant it"
    assert not deprecated or "ClassificationShape-termDeprecated" in PLANTS, (
        "a workbook can now break the rule: plant it"
    )


def test_each_further_result_has_its_reason() -> None:
    assert [plant.rule for plant in PLANTS.values() for beside in plant.besides if not beside.because.strip()] == []


def test_an_error_is_planted_in_each_sheet_that_is_checked() -> None:
    assert sheets_of(PLANTS.values()) == {sheet.name for sheet in sheets()} - {"Source"}


def sheets_of(plants: Iterable[Plant]) -> set[str]:
    return {place.partition("/")[0] for plant in plants for place in plant.edits}
