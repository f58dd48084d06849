"""A layer keeps the counts of one question; two can be compared, and one can be carried over to a newer typology."""

from __future__ import annotations

import csv
import dataclasses
import json
from pathlib import Path

import pytest

from learntogether_kg.errors import QueryArgumentError, UnreadableFileError
from learntogether_kg.layers import (
    DIFFERENCE_COLUMNS,
    MOST_BYTES,
    Entry,
    Layer,
    difference,
    draw,
    draw_difference,
    read,
    to_recount,
    unlike,
    upgrade,
)
from learntogether_kg.library import Library
from learntogether_kg.recurrence.request import Counted, Request
from learntogether_kg.typology import versions
from tests.test_cli import ltkg, one_line

CASES = Path(__file__).parent / "typology"
OLD, NEW = versions.find(str(CASES / "old.ttl")), versions.find(str(CASES / "new.ttl"))
MADE_UP = "https://example.org/made-up/"
COUNTED = ("same", "gone", "vanished", "form", "phone", "mobile", "meeting", "rota", "trust", "pace", "skill", "mood")
COUNTS = {name: number for number, name in enumerate(COUNTED, start=1)} | {"long-gone": 13, "people": 18, "tools": 19}


def entry(name: str, reviews: int | None, looked: int | None = 20, note: str = "") -> Entry:
    share = reviews / looked if reviews is not None and looked else None
    return Entry(MADE_UP + name, name, reviews, looked, share, note)


def layer(*entries: Entry, **changed: object) -> Layer:
    arguments = {"by": "pattern", "coder": "a"}
    made = Layer("Reviews with a pattern, by pattern", "R1", arguments, "open", "Primary codes", OLD.name, entries)
    return dataclasses.replace(made, **changed)  # type: ignore[arg-type]


WHOLE = layer(*(entry(name, reviews) for name, reviews in COUNTS.items()))


def of_teaching(library: Library, **asked: object) -> Layer:
    counted = Counted.of(library.release())
    return Layer.of(counted.answer(Request(by=("pattern",), **asked)), "Typology of 2008")  # type: ignore[arg-type]


def test_a_layer_has_the_counts_of_its_question(teaching_library: Library) -> None:
    told = Counted.of(teaching_library.release()).answer(Request(by=("pattern",)))
    made = Layer.of(told, "Typology of 2008")
    place = told.answer.columns.index("reviews")
    assert [each.reviews for each in made.entries] == [row[place] for row in told.answer.rows]
    assert (made.release, made.rule, made.profile) == (told.release, told.rule, "open")


def test_only_counts_by_pattern_make_a_layer(teaching_library: Library) -> None:
    for by in (("type",), ("pattern", "year"), ()):
        told = Counted.of(teaching_library.release()).answer(Request(by=by))
        with pytest.raises(QueryArgumentError, match="by pattern and by nothing else"):
            Layer.of(told, "")


def test_what_is_written_is_read_again(tmp_path: Path, teaching_library: Library) -> None:
    made = of_teaching(teaching_library, where=(("harm", "neglect"),))
    (tmp_path / "layer.json").write_text(made.write(), encoding="utf-8")
    assert read(tmp_path / "layer.json") == made


def damaged(**changed: object) -> str:
    return json.dumps(json.loads(WHOLE.write()) | changed)


FIRST = json.loads(WHOLE.write())["entries"][0]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("{", "no JSON document"),
        ("[" * 100_000, "no JSON document"),
        ("[]", "it is no layer"),
        ("{}", "it is no layer"),
        (damaged(format="learntogether-kg layer 2"), "it is no layer"),
        (damaged(entries="x"), "damaged"),
        (damaged(entries=[FIRST | {"reviews": -1}]), "whole numbers from 0"),
        (damaged(entries=[FIRST | {"reviews": True}]), "whole numbers from 0"),
        (damaged(entries=[FIRST | {"share": 2}]), "not between 0 and 1"),
        (damaged(entries=[FIRST | {"label": 3}]), "no text"),
        (damaged(entries=[FIRST | {"more": 3}]), "damaged"),
        (damaged(rule=None), "no text"),
        (damaged(more=1), "damaged"),
        (" " * (MOST_BYTES + 1), "larger than 5 MB"),
    ],
)
def test_what_is_no_layer_is_refused_in_one_sentence(text: str, words: str, tmp_path: Path) -> None:
    (tmp_path / "layer.json").write_text(text, encoding="utf-8")
    with pytest.raises(UnreadableFileError, match=words):
        read(tmp_path / "layer.json")


def test_a_file_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(UnreadableFileError, match="cannot be read"):
        read(tmp_path / "none.json")


# Side by side


def test_the_difference_is_of_shares_in_percentage_points() -> None:
    one = layer(entry("same", 5, 20), entry("form", 5, 20), entry("rota", 1, 4, "few"), entry("pace", 2))
    other = layer(entry("same", 20, 40), entry("form", 0, 40), entry("rota", 3, 40), entry("mood", 2))
    one = dataclasses.replace(
        one, entries=(*one.entries[:2], dataclasses.replace(one.entries[2], share=None), one.entries[3])
    )
    told = {row[0].iri.removeprefix(MADE_UP): row for row in difference(one, other).rows}  # type: ignore[union-attr]
    points = {name: row[DIFFERENCE_COLUMNS.index("points")] for name, row in told.items()}
    assert points == {"same": 25.0, "form": -25.0, "rota": None, "pace": None, "mood": None}
    assert told["pace"][DIFFERENCE_COLUMNS.index("otherNote")] == "not in this layer"
    assert told["mood"][DIFFERENCE_COLUMNS.index("oneReviews")] is None


def test_a_hidden_count_stays_hidden_beside_another() -> None:
    hidden = layer(entry("same", None, None, "A count is not shown, so nothing is worked out from it"))
    (row,) = difference(hidden, layer(entry("same", 5))).rows
    assert row[1:5] == ("c", "c", None, "A count is not shown, so nothing is worked out from it")
    assert row[-1] is None


def test_readers_are_told_in_what_two_layers_differ() -> None:
    assert unlike(WHOLE, WHOLE) == []
    other = layer(release="R2", arguments={"by": "pattern", "coder": "b"})
    assert unlike(layer(), other) == [
        "They differ in release: R1 / R2.",
        "They differ in arguments: by=pattern, coder=a / by=pattern, coder=b.",
    ]


# Carried over


def test_counts_are_carried_over_only_where_they_still_stand() -> None:
    """Worked out by hand from the two editions, in which each term has something else happen to it."""
    found = upgrade(WHOLE, OLD, NEW)
    told = {each.iri.removeprefix(MADE_UP): (each.reviews, each.note) for each in found.entries}
    again = "to be counted anew: "
    assert {name: reviews for name, (reviews, note) in told.items() if not note} == {
        **{"same": 1, "form-3": 4, "rota": 8, "trust": 9, "skill": 11, "mood": 12},
    }
    assert {name: note for name, (reviews, note) in told.items() if note and reviews is None} == {
        "chat": "not looked for: younger than this count",
        "voice": again + told["voice"][1].removeprefix(again),
        "pace": again + "pace was redefined",
        "tools": again + told["tools"][1].removeprefix(again),
        "people": again + told["people"][1].removeprefix(again),
        "planned-meeting": again + "Meeting was split",
        "chance-meeting": again + "Meeting was split",
    }
    assert told["voice"][1] in {again + "Telephone was merged", again + "Mobile was merged"}
    assert {each.iri.removeprefix(MADE_UP): each.reviews for each in found.given_up} == {
        "gone": 2,
        "vanished": 3,
        "long-gone": 13,
    }
    assert {each.iri for each in to_recount(found)} == {
        MADE_UP + name for name, (_, note) in told.items() if note.startswith(again)
    }
    assert found.typology == NEW.name
    assert found.history == (f"carried over from {OLD.name} to {NEW.name}",)


def test_terms_are_called_what_they_are_called_now() -> None:
    labels = {each.iri.removeprefix(MADE_UP): each.label for each in upgrade(WHOLE, OLD, NEW).entries}
    assert (labels["rota"], labels["trust"]) == ("Duty list", "Reliance")


def test_nothing_changes_under_the_same_typology() -> None:
    found = upgrade(WHOLE, OLD, OLD)
    kept = {each.iri: each.reviews for each in found.entries}
    assert kept == {MADE_UP + name: reviews for name, reviews in COUNTS.items() if name != "long-gone"}


# Pictures


def test_a_picture_has_every_count_under_its_type() -> None:
    svg = draw(WHOLE, OLD)
    for said in ("Duty list", "Same, Tools: 1", "Rota, People: 8", "Tools, Tools: 19", "Release R1"):
        assert (said in svg) is (said != "Duty list"), said


def test_what_must_be_counted_anew_is_no_zero_in_the_picture() -> None:
    assert "Voice, Tools: ?" in draw(upgrade(WHOLE, OLD, NEW), NEW)


def test_a_difference_shows_its_sign() -> None:
    svg = draw_difference(layer(entry("same", 5)), layer(entry("same", 2)), OLD)
    assert "Same, Tools: -15" in svg


# At the command line


@pytest.fixture
def saved(teaching_library: Library, tmp_path: Path) -> dict[str, Path]:
    """Returns layers of two coders over the teaching library."""
    found = {coder: tmp_path / f"{coder}.json" for coder in ("teaching-a", "teaching-b")}
    for coder, file in found.items():
        run = ltkg("layer", "save", file, "--coder", coder, "--library", teaching_library.path)
        assert run.returncode == 0, run.stderr
        assert coder in run.stdout
    return found


def test_layers_of_two_coders_are_compared(saved: dict[str, Path]) -> None:
    one, other = (read(file) for file in saved.values())
    run = ltkg("layer", "compare", *saved.values(), "--format", "csv")
    rows = list(csv.DictReader(run.stdout.splitlines()))
    assert [row["pattern_iri"] for row in rows] == [entry.iri for entry in one.entries]
    assert [row["oneReviews"] for row in rows] == [str(entry.reviews) for entry in one.entries]
    assert [row["otherReviews"] for row in rows] == [str(entry.reviews) for entry in other.entries]
    assert "They differ in rule" in run.stderr
    assert ltkg("layer", "compare", *saved.values(), "--format", "svg").stdout.startswith("<svg")


def test_a_layer_is_carried_over_and_drawn(saved: dict[str, Path], tmp_path: Path) -> None:
    file, to = saved["teaching-a"], tmp_path / "carried.json"
    moved = CASES / "moved.ttl"
    run = ltkg("layer", "upgrade", file, moved, to)
    assert run.returncode == 0, run.stderr
    before, after = ({each.label: each for each in read(path).entries} for path in (file, to))
    assert after["Supervision"].reviews == before["Supervision"].reviews
    for kind in ("Human-tool operation", "Human-management system operation"):  # from the one to the other it went
        assert after[kind].reviews is None
        assert f"{kind}: to be counted anew: Supervision was moved" in run.stdout
    assert ltkg("layer", "draw", file, tmp_path / "layer.svg").returncode == 0
    assert "Supervision, Human-management system operation: " in (tmp_path / "layer.svg").read_text(encoding="utf-8")


def test_no_file_is_written_over(saved: dict[str, Path]) -> None:
    file = saved["teaching-a"]
    before = file.read_bytes()
    run = ltkg("layer", "draw", file, file)
    assert (run.returncode, file.read_bytes()) == (2, before)
    assert one_line(run.stderr)
    assert "it is there already" in run.stderr
