"""Small synthetic workbooks for tests, with cells changed at will."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from learntogether_kg import resources
from learntogether_kg.ingest.cells import read_cells
from learntogether_kg.ingest.layout import key
from learntogether_kg.ingest.template import Rows, write_template

REVIEW_ID = "https://w3id.org/learntogether/id/review/0123456789abcdef"

CELLS: Mapping[str, Rows] = {
    "Review": [
        {
            "id": REVIEW_ID,
            "label": "Synthetic review",
            "questions": "How do agencies share what they know?; not stated",
            "kind": "Harm; Valued practice; Innovation",
            "valued by": "Family; Professionals",
            "innovation": "A shared duty desk",
            "confidentiality explained": "Yes",
            "captured from": "Full report",
            "depth": "Full",
            "method": "Learning Together, stated",
            "period from": "2014",
            "period to": "not stated",
            "publication year": "2016",
            "findings declared": "2",
            "synthetic": "yes",
        }
    ],
    "Source": [{"publisher": "Synthetic Board", "title": "Synthetic Title", "identifiers": "SYN-1\nSYN-2"}],
    "Coders": [
        {
            "coder": "A",
            "kind": "Human",
            "date": "2026-11",
            "typology version": "Typology of 2008",
            "scope": "Whole report",
            "level": "Types and sub-patterns",
            "profession": "Social worker",
        },
        {
            "coder": "B",
            "kind": "Machine",
            "date": "not stated",
            "typology version": "Typology of 2008",
            "scope": "Part of the report",
            "level": "Types",
        },
    ],
    "Findings": [
        {
            "id": "F1",
            "statement": "Roles in longer-term work are unclear",
            "stated as": "Numbered finding",
            "influence": "Unsafe",
            "primary pattern": "T4 › Clear roles",
            "second pattern": "T2",
            "supported by": "C1; V1",
            "contradicted by": "S2",
            "tool or guidance": "Risk tool",
            "family member": "P2",
            "safeguards": "G1",
        },
        {
            "id": "F2",
            "statement": "Supervision helps people think",
            "stated as": "Numbered finding",
            "influence": "Constructive",
            "primary pattern": "Supervision",
        },
    ],
    "Checklist": [{"type": "T1 Human-tool operation", "result": "Looked for, not found"}],
    "People": [
        {"id": "P1", "agency kind": "Police", "role": "Police officer", "level": "Front line", "area": "Local"},
        {"id": "P2", "family role": "Mother", "pseudonym": "Synthetic Mother"},
        {"id": "P3", "agency kind": "Housing"},
        {"id": "P4", "on the team": "Yes", "role": "Independent reviewer", "lead": "Yes", "independent": "Yes"},
    ],
    "Second coding": [
        {"item": "F1", "coder": "B", "primary": "T4", "others": "T2; T3 › Nature of the task", "influence": "Unclear"},
        {"item": "C1", "coder": "B", "primary": "No type fits", "influence": "Unsafe", "confidence": "Low"},
    ],
    "Episodes": [
        {
            "id": "E1",
            "what": "A strategy meeting was not held",
            "order": "1",
            "appraisal": "Problematic",
            "who": "P1; P2",
        }
    ],
    "Perspectives": [
        {
            "id": "V1",
            "episode": "E1",
            "person": "P1",
            "then or hindsight": "Then",
            "knew": "The Quorbin form",
            "source": "S1; S2",
        }
    ],
    "Evidence": [
        {
            "id": "S1",
            "kind": "conversation",
            "with whom": "P1",
            "what it yielded": "How the day looked",
            "what went well": "The desk answered at once",
            "change suggested": "One rota for both teams",
            "weighed most": "C1; C2",
        },
        {"id": "S2", "kind": "document"},
    ],
    "Factors": [
        {
            "id": "C1",
            "statement": "Two teams each thought the other led",
            "influence": "Neutral",
            "agency": "Police",
            "episode": "E1",
            "perspective": "V1",
            "goals in tension": "Speed / Depth",
            "what pushed people": "The clock in the form, towards speed",
            "item": "Conditions: workload; Conditions: timing",
        },
        {"id": "C2", "statement": "A new duty rota", "influence": "Constructive"},
    ],
    "Interactions": [{"id": "I1", "factors": "C1; C2", "influence": "Unsafe"}],
    "Recommendations": [
        {
            "id": "R1",
            "text": "Say who leads",
            "finding": "F1",
            "addressee": "Several agencies",
            "repeats an earlier one": "Yes",
        }
    ],
    "Tools and guidance": [
        {
            "kind": "Risk tool",
            "made where": "National",
            "felt where": "Front line; Local strategic",
            "how it changed the task": "Talking became scoring",
            "how it was changed in use": "Scores are filled in after the decision",
        }
    ],
    "Safeguards": [{"id": "G1", "what": "A second reader of closed cases", "effect": "Caught the error"}],
    "Board questions": [
        {
            "id": "Q1",
            "text": "How would the board know who leads?",
            "finding": "F1",
            "addressee": "Local board or partners",
            "level": "Local strategic",
            "response": "It asked for a survey",
            "repeats an earlier one": "No",
        }
    ],
    "Answers": [
        {
            "id": "A1",
            "rule": "LikelyNameShape-unfamiliar",
            "item": "V1",
            "words": "Quorbin",
            "reason": "It is the name of a form",
            "by": "A",
            "date": "2026-11-23",
        }
    ],
    "Narratives": [{"id": "N1", "account": "Each saw one half of the day", "perspectives": "V1"}],
}
"""A conforming review that fills every sheet."""


def write(path: Path, changes: Mapping[tuple[str, int, str], str] | None = None) -> Path:
    """Writes the workbook of CELLS with some cells changed.

    Args:
        path: The file to write.
        changes: (sheet, row counted from 0, header) to the new text.
    """
    cells = {sheet: [dict(row) for row in rows] for sheet, rows in CELLS.items()}
    for (sheet, row, header), text in (changes or {}).items():
        cells[sheet][row][key(header)] = text
    write_template(path, "full", cells)
    return path


def rewrite(workbook: Path, out: Path) -> None:
    """Writes what today's template makes of the cells of a workbook at findings depth."""
    rows = {
        sheet: [{header: value.text for header, value in row.values.items()} for row in found]
        for sheet, found in read_cells(workbook).items()
    }
    write_template(out, "findings", rows)


if __name__ == "__main__":
    for path in resources.files("sample", "*.xlsx"):
        rewrite(path, path)
