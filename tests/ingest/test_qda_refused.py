"""A project or a mapping that is not as it should be ends in one sentence, and nothing is stored or unpacked."""

from __future__ import annotations

import os
import struct
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from learntogether_kg.errors import UnreadableFileError
from learntogether_kg.exchange import import_project, prepare_mapping
from learntogether_kg.ingest.refi import package
from learntogether_kg.ingest.refi.reading import read_project
from learntogether_kg.ingest.workbook import read_workbook
from tests.ingest import qda_projects
from tests.ingest.mappings import ANSWERS, fill, filled, set_field
from tests.ingest.qda_projects import archive, guid, write
from tests.test_cli import ltkg
from tests.workbooks import write as write_review

Parts = dict[str, bytes]
REPORT = f"Sources/{guid('report')}.txt"


def swap(old: str, new: str, count: int = -1) -> Callable[[Parts], Parts]:
    """Returns what changes a project's description."""

    def change(parts: Parts) -> Parts:
        assert old.encode() in parts["project.qde"], old
        return {**parts, "project.qde": parts["project.qde"].replace(old.encode(), new.encode(), count)}

    return change


def with_part(name: str, content: bytes = b"x") -> Callable[[Parts], Parts]:
    return lambda parts: {**parts, name: content}


def without(name: str) -> Callable[[Parts], Parts]:
    return lambda parts: {each: content for each, content in parts.items() if each != name}


ENTITIES = '<?xml version="1.0"?><!DOCTYPE Project [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;">]>'
OUTSIDE = '<?xml version="1.0"?><!DOCTYPE Project [<!ENTITY a SYSTEM "file:///etc/passwd">]>'
NESTED = "<Code guid='g' name='n' isCodable='true'>"

BAD: dict[str, tuple[Callable[[Parts], Parts], str]] = {
    "a part that leads up": (with_part("../../evil.txt"), "leads out of the archive"),
    "a part that leads up in the middle": (with_part("sources/../../evil.txt"), "leads out of the archive"),
    "a part that leads up with backslashes": (with_part("..\\evil.txt"), "leads out of the archive"),
    "a part at the root": (with_part("/etc/evil"), "leads out of the archive"),
    "a part on a drive": (with_part("C:/evil.txt"), "leads out of the archive"),
    "two parts of one name": (with_part(REPORT.upper()), "twice"),
    "a text that leads up": (swap(f"internal://{guid('report')}.txt", "internal://../../../etc/passwd"), "is missing"),
    "a text outside": (
        swap(f"internal://{guid('report')}.txt", "absolute:///etc/passwd"),
        "lies outside of the project",
    ),
    "a text elsewhere": (
        swap(f"internal://{guid('report')}.txt", "relative:///etc/passwd"),
        "lies outside of the project",
    ),
    "no description": (without("project.qde"), "it has no project.qde"),
    "two descriptions": (with_part("other.qde"), "more than one .qde"),
    "no text": (without(REPORT), "is missing"),
    "a text in another encoding": (with_part(REPORT, "Möglich".encode("latin-1")), "is not in UTF-8"),
    "a description cut off": (lambda parts: {**parts, "project.qde": parts["project.qde"][:900]}, "not well-formed"),
    "no description but words": (with_part("project.qde", b"words"), "not well-formed"),
    "an encoding that is none": (swap('encoding="utf-8"', 'encoding="none-such"'), "not well-formed"),
    "a prefix of no namespace": (swap("<Sources>", "<Sources><x:y/>"), "not well-formed"),
    "another kind of description": (with_part("project.qde", b"<html/>"), "is not that of a REFI-QDA project"),
    "another namespace": (swap("urn:QDA-XML:project:1.0", "urn:other"), "is not that of a REFI-QDA project"),
    "entities": (swap('<?xml version="1.0" encoding="utf-8"?>', ENTITIES), "declares a document type or entities"),
    "an outer entity": (
        swap('<?xml version="1.0" encoding="utf-8"?>', OUTSIDE),
        "declares a document type or entities",
    ),
    "a code that is not there": (
        swap(f'targetGUID="{guid("Roles")}"', 'targetGUID="nowhere"'),
        "none of the project's codes",
    ),
    "a coding without a code": (swap(f'<CodeRef targetGUID="{guid("Roles")}"/>', ""), "coded by nothing"),
    "two codes with one identifier": (swap(guid("Roles"), guid("Plans")), "has the identifier of"),
    "a code without a name": (swap('name="Roles"', 'name=""'), "has no name"),
    "a source without an identifier": (
        swap(f'<TextSource guid="{guid("talk")}"', '<TextSource guid=""'),
        "no identifier",
    ),
    "a passage behind the end": (swap('endPosition="', 'endPosition="9'), "but its text has"),
    "a passage before the beginning": (swap('startPosition="', 'startPosition="-'), "but its text has"),
    "a passage that ends before it begins": (swap('startPosition="', 'startPosition="99'), "but its text has"),
    "a passage of no number": (swap('startPosition="', 'startPosition="x'), "but its text has"),
    "a passage of a huge number": (swap('endPosition="', 'endPosition="' + "9" * 5000), "but its text has"),
    "deep nesting": (swap("<Codes>", "<Codes>" + NESTED * 200 + "</Code>" * 200), "nests deeper"),
}


@pytest.mark.parametrize("what", BAD)
def test_a_bad_project_is_refused_in_one_sentence(tmp_path: Path, what: str) -> None:
    change, said = BAD[what]
    good = qda_projects.parts("QualCoder")
    changed = change(good)
    assert changed != good
    (tmp_path / "p.qdpx").write_bytes(archive(changed))
    before = sorted(tmp_path.rglob("*"))
    run = ltkg("convert", tmp_path / "p.qdpx", "--mapping", tmp_path / "m.xlsx")
    assert run.returncode == 2
    assert said in run.stderr
    assert len(run.stderr.splitlines()) == 1
    assert "Traceback" not in run.stderr
    assert sorted(tmp_path.rglob("*")) == before


def zeros(size: int) -> bytes:
    return b"\0" * size


def test_bombs_are_refused_before_they_fill_the_memory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    good, pad = qda_projects.parts("QualCoder"), os.urandom(300_000)
    bombs = {
        "times its size": {**good, REPORT: zeros(40 * 1024 * 1024)},
        "more than 50 MB": {**good, REPORT: pad + zeros(60 * 1024 * 1024)},
        "more than 5,000 parts": {**good, **{f"sources/{number}.txt": b"" for number in range(5001)}},
        "holds more, or nests deeper": {
            **good,
            "project.qde": b"<Project>" + b"<a/>" * 1_000_001 + b"</Project>",
            "pad": pad,
        },
    }
    for said, parts in bombs.items():
        path = tmp_path / "bomb.qdpx"
        path.write_bytes(archive(parts))
        with pytest.raises(UnreadableFileError, match=said):
            read_project(path)
    monkeypatch.setattr(package, "MAX_BYTES", 1000)
    with pytest.raises(UnreadableFileError, match="larger than"):
        read_project(write(tmp_path, "NVivo"))


def test_passages_that_repeat_a_long_text_are_counted(tmp_path: Path) -> None:
    parts = qda_projects.parts("QualCoder")
    parts[REPORT] = b"\xef\xbb\xbf" + b"word " * 400_000
    one = (
        f'<PlainTextSelection guid="{guid("x")}" startPosition="0" endPosition="2000000"><Coding guid="{guid("y")}">'
        f'<CodeRef targetGUID="{guid("Plans")}"/></Coding></PlainTextSelection>'
    )
    parts["project.qde"] = parts["project.qde"].replace(
        b"<Description />\n<Plain", b"<Description />\n" + one.encode() * 11 + b"<Plain", 1
    )
    parts["pad.bin"] = os.urandom(100_000)
    (tmp_path / "p.qdpx").write_bytes(archive(parts))
    with pytest.raises(UnreadableFileError, match="20,000,000 characters together"):
        read_project(tmp_path / "p.qdpx")


@pytest.mark.parametrize("content", [b"", b"PK", b"%PDF-1.4", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" * 9, b"<Project/>"])
def test_what_is_no_archive_is_refused(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "p.qdpx").write_bytes(content)
    with pytest.raises(UnreadableFileError, match="it is not a REFI-QDA project"):
        read_project(tmp_path / "p.qdpx")


def test_what_is_no_file_is_refused(tmp_path: Path) -> None:
    (tmp_path / "d.qdpx").mkdir()
    for path in (tmp_path / "none.qdpx", tmp_path / "d.qdpx"):
        with pytest.raises(UnreadableFileError):
            read_project(path)


def test_a_protected_part_is_refused(tmp_path: Path) -> None:
    data = bytearray(qda_projects.build("QualCoder"))
    at = data.index(b"PK\x01\x02")
    data[at + 8] |= 1  # the flag that says: encrypted
    data[6] |= 1
    (tmp_path / "p.qdpx").write_bytes(bytes(data))
    with pytest.raises(UnreadableFileError, match="protected by a password"):
        read_project(tmp_path / "p.qdpx")


@pytest.mark.parametrize("kind", ["p.qdpx", "r.xlsx"])
def test_an_archive_whose_table_points_before_its_beginning_is_refused(tmp_path: Path, kind: str) -> None:
    whole = write_review(tmp_path / "whole.xlsx").read_bytes() if kind == "r.xlsx" else qda_projects.build("NVivo")
    data = bytearray(whole)
    at = data.rindex(b"PK\x05\x06") + 16  # where the table of parts begins, as the end of the archive has it
    (begins,) = struct.unpack_from("<I", data, at)
    struct.pack_into("<I", data, at, begins + 50_000)
    (tmp_path / kind).write_bytes(bytes(data))
    with pytest.raises(UnreadableFileError, match="damaged"):
        (read_project if kind == "p.qdpx" else read_workbook)(tmp_path / kind)


SEED = qda_projects.build("ATLAS.ti")
PLAIN = qda_projects.build("MAXQDA")


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.sampled_from([SEED, PLAIN]),
    st.lists(st.tuples(st.integers(0, 1 << 16), st.binary(min_size=1, max_size=4)), max_size=8),
    st.integers(0, 1 << 16),
)
def test_no_bytes_do_anything_but_be_read_or_refused(data: bytes, changes: list[tuple[int, bytes]], cut: int) -> None:
    changed = bytearray(data)
    for place, content in changes:
        at = place % len(changed)
        changed[at : at + len(content)] = content
    assert_read_or_refused(bytes(changed[: max(cut, 100)]))


@settings(max_examples=150, deadline=None)
@given(st.lists(st.tuples(st.integers(0, 1 << 16), st.text(min_size=0, max_size=4)), min_size=1, max_size=4))
def test_no_description_does_anything_but_be_read_or_refused(changes: list[tuple[int, str]]) -> None:
    parts = qda_projects.parts("QualCoder")
    text = parts["project.qde"].decode()
    for place, content in changes:
        at = place % len(text)
        text = text[:at] + content + text[at + len(content) :]
    assert_read_or_refused(archive({**parts, "project.qde": text.encode("utf-8", "surrogatepass")}))


def assert_read_or_refused(data: bytes) -> None:
    """Reads a project; any other error than ours, or one of several lines, is a failure."""
    said = ""
    try:
        read_project(Path("p.qdpx"), data)
    except UnreadableFileError as refused:
        said = str(refused)
    assert "\n" not in said


WRONG: dict[str, tuple[str, str, dict[str, str | None], int, str]] = {
    "an unknown pattern": (
        "Codes",
        "Paper",
        {"pattern": "T9 › Nothing"},
        0,
        r"Codes!F\d+: 'T9 › Nothing' is no pattern",
    ),
    "no pattern": ("Codes", "Paper", {"pattern": None}, 0, r"Codes!F\d+: a blank cell is no pattern"),
    "an unknown answer": ("Codes", "Paper", {"becomes": "perhaps"}, 0, r"Codes!E\d+: 'perhaps' is none of"),
    "an unknown kind of item": ("Codes", "Paper", {"item": "episode"}, 0, r"Codes!G\d+: 'episode' is neither"),
    "an unknown field": ("Codes", "Bad", {"field": "Findings: id"}, 0, r"Codes!H\d+: 'Findings: id' is no field"),
    "an unknown value": ("Codes", "Bad", {"value": "Dreadful"}, 0, r"Codes!I\d+: 'Dreadful' is no entry"),
    "a value for a text": ("Codes", "Advice", {"value": "Unsafe"}, 0, r"Codes!I\d+: .* takes its passages as they are"),
    "an open code": (
        "Codes",
        "Paper",
        {"becomes": None},
        0,
        r"1 code\(s\) are left open: 'Themes › Paper \(1 passages\)'",
    ),
    "a name for a coder": ("Coders", "Ann Example", {"coder": "ann"}, 1, r"Coders!A\d+: it is the coder's name"),
    "no code for a coder": ("Coders", "Ann Example", {"coder": None}, 1, r"Coders!A\d+: it is blank"),
    "neither yes nor no": ("Sources", "talk", {"take": "maybe"}, 0, r"Sources!D\d+: it says neither yes nor no"),
}


@pytest.mark.parametrize("what", WRONG)
def test_a_mapping_that_is_wrong_is_told_by_its_cell(tmp_path: Path, what: str) -> None:
    sheet, row, cells, by, said = WRONG[what]
    project = write(tmp_path, "NVivo")
    mapping = fill(filled(project, tmp_path / "m.xlsx"), sheet, {row: cells}, by)
    with pytest.raises(UnreadableFileError, match=said):
        import_project(project, tmp_path / "d.xlsx", mapping)
    assert not (tmp_path / "d.xlsx").exists()


def test_every_code_that_is_left_open_is_named(tmp_path: Path) -> None:
    project = write(tmp_path, "NVivo")
    prepare_mapping(project, tmp_path / "m.xlsx")
    with pytest.raises(UnreadableFileError) as refused:
        import_project(project, tmp_path / "d.xlsx", tmp_path / "m.xlsx")
    assert all(code in str(refused.value) for code in ANSWERS)
    assert "Themes'" not in str(refused.value)  # a folder has no passages, and needs no answer


def test_a_mapping_of_another_project_is_refused_and_stays_as_it_is(tmp_path: Path) -> None:
    project = write(tmp_path, "NVivo")
    mapping = filled(project, tmp_path / "m.xlsx")
    parts = qda_projects.parts("QualCoder")
    other = {
        name.replace(guid("report"), guid("o1")).replace(guid("talk"), guid("o2")): content.replace(
            guid("report").encode(), guid("o1").encode()
        ).replace(guid("talk").encode(), guid("o2").encode())
        for name, content in parts.items()
    }
    (tmp_path / "other.qdpx").write_bytes(archive(other))
    before = mapping.read_bytes()
    with pytest.raises(UnreadableFileError, match="the mapping of another project"):
        prepare_mapping(tmp_path / "other.qdpx", mapping)
    with pytest.raises(UnreadableFileError, match=r"2 source\(s\) are not on the Sources sheet"):
        import_project(tmp_path / "other.qdpx", tmp_path / "d.xlsx", mapping)
    assert mapping.read_bytes() == before
    fill(mapping, "Sources", {"report": dict.fromkeys(("source", "guid", "passages", "take", "kind"))})
    fill(mapping, "Sources", {"talk": dict.fromkeys(("source", "guid", "passages", "take", "kind"))})
    set_field(mapping, "review", None)
    prepare_mapping(tmp_path / "other.qdpx", mapping)  # as the Guide says
    import_project(tmp_path / "other.qdpx", tmp_path / "d.xlsx", mapping)


def test_no_source_taken_or_no_review_named_is_refused(tmp_path: Path) -> None:
    project = write(tmp_path, "NVivo")
    mapping = filled(project, tmp_path / "m.xlsx")
    set_field(mapping, "review", None)
    with pytest.raises(UnreadableFileError, match="names no review"):
        import_project(project, tmp_path / "d.xlsx", mapping)
    prepare_mapping(project, mapping)
    fill(mapping, "Sources", {"report": {"take": "no"}, "talk": {"take": "no"}})
    with pytest.raises(UnreadableFileError, match="no source with coded passages is taken"):
        import_project(project, tmp_path / "d.xlsx", mapping)


def test_a_review_is_no_mapping_and_a_mapping_no_review(tmp_path: Path) -> None:
    project, review = write(tmp_path, "NVivo"), write_review(tmp_path / "r.xlsx")
    before = review.read_bytes()
    for run in (
        lambda: prepare_mapping(project, review),
        lambda: import_project(project, tmp_path / "d.xlsx", review),
    ):
        with pytest.raises(UnreadableFileError, match="does not say what codes become"):
            run()
    assert review.read_bytes() == before
    run_ = ltkg("validate", filled(project, tmp_path / "m.xlsx"))
    assert run_.returncode == 2
    assert "is no review" in run_.stderr


def test_a_passage_too_long_for_a_cell_is_named(tmp_path: Path) -> None:
    parts = qda_projects.parts("QualCoder")
    parts[REPORT] += b"word " * 8000
    length = len(parts[REPORT].decode("utf-8-sig"))
    start = qda_projects.REPORT.index("Forms left")
    parts["project.qde"] = parts["project.qde"].replace(
        f'endPosition="{start + len("Forms left no room for unease.")}"'.encode(), f'endPosition="{length}"'.encode()
    )
    (tmp_path / "p.qdpx").write_bytes(archive(parts))
    mapping = filled(tmp_path / "p.qdpx", tmp_path / "m.xlsx")
    with pytest.raises(UnreadableFileError, match=r"source 'report', characters \d+ to \d+: this passage is longer"):
        import_project(tmp_path / "p.qdpx", tmp_path / "d.xlsx", mapping)


def test_wrong_use_is_told(tmp_path: Path) -> None:
    project = write(tmp_path, "NVivo")
    for arguments, said in (
        ((project,), "--mapping NEW.xlsx"),
        ((project, tmp_path / "d.ttl", "--mapping", filled(project, tmp_path / "m.xlsx")), "ends in .xlsx"),
        ((tmp_path / "m.xlsx",), "name the file to write"),
        ((tmp_path / "m.xlsx", tmp_path / "o.ttl", "--mapping", tmp_path / "m.xlsx"), "is for a .qdpx project"),
    ):
        run = ltkg("convert", *arguments)
        assert run.returncode == 2, run.stdout
        assert said in run.stderr


def test_nothing_is_unpacked_to_a_disk(tmp_path: Path) -> None:
    project = write(tmp_path, "NVivo")
    written: list[str] = []
    watching = True

    def watch(event: str, arguments: tuple[object, ...]) -> None:
        if watching and event == "open" and isinstance(arguments[2], int):
            if arguments[2] & (os.O_WRONLY | os.O_RDWR | os.O_CREAT):
                written.append(str(arguments[0]))
        elif watching and event in ("os.mkdir", "os.rename", "shutil.copyfile"):
            written.append(event)

    sys.addaudithook(watch)  # it cannot be taken away again, and says nothing once this test has ended
    try:
        read_project(project)
        assert written == []
        filled(project, tmp_path / "m.xlsx")
        assert str(tmp_path / "m.xlsx") in written  # so it does see what is written
    finally:
        watching = False
