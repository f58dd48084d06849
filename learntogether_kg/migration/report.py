"""An impact, told as text, JSON, a page or a workbook."""

from __future__ import annotations

import io
import json
from collections.abc import Sequence
from enum import StrEnum

import xlsxwriter

from learntogether_kg.migration.impact import Impact
from learntogether_kg.migration.touched import Touched
from learntogether_kg.rendering import environment

TOUCHED = ("review", "item", "coder", "code", "primary", "change", "becomes")
TABLE = ("table", "row", "reviews before", "reviews after", "looked before", "looked after")


class ImpactForm(StrEnum):
    """How an impact is told."""

    TABLE = "table"
    JSON = "json"
    HTML = "html"
    XLSX = "xlsx"


def write(impact: Impact, form: ImpactForm) -> bytes:
    """Returns an impact in a form."""
    match form:
        case ImpactForm.TABLE:
            return _text(impact).encode()
        case ImpactForm.JSON:
            return (json.dumps(document(impact), indent=2, ensure_ascii=False) + "\n").encode()
        case ImpactForm.HTML:
            template = environment("learntogether_kg.typology").get_template("impact.html")
            return template.render(impact=impact, summary=summary(impact), parts=_parts(impact)).encode()
        case ImpactForm.XLSX:
            return _workbook(impact)


def summary(impact: Impact) -> list[str]:
    """Returns what an impact comes to, in sentences."""
    return [
        f"{impact.old} → {impact.new}, in {impact.library}",
        f"{len(impact.touched)} classification(s) in {len(impact.reviews)} review(s) are touched: "
        f"{len(impact.mechanical)} to be confirmed, {len(impact.for_a_person)} to be decided",
        f"{len(impact.tables)} of {len(impact.tables) + len(impact.unchanged)} recurrence tables change",
        "Counts after suppose that all those to be confirmed are, and the rest is left as it is. Nothing is recoded "
        "by this: see `ltkg typology queue`",
        impact.rule,
        *(
            f"{old.values[0]} was looked for in {old.before[1]} review(s); of {new.values[0]}, which takes its place, "
            f"that will be known of {new.after[1]}: the counts can be compared, a share cannot, until the others have "
            "been coded under the newer version, or the extension says that the meaning stays (lt:carriesOn)"
            for old, new in impact.out_of_sight
        ),
    ]


def document(impact: Impact) -> dict[str, object]:
    """Returns an impact as a document."""
    return {
        "old": impact.old,
        "new": impact.new,
        "library": impact.library,
        "rule": impact.rule,
        "reviews": [{"iri": str(iri), "label": label} for iri, label in impact.reviews.items()],
        "classifications": [
            {
                "iri": str(each.node),
                "review": str(each.review),
                "item": each.item,
                "coder": each.coder,
                "primary": each.primary,
                "pattern": str(each.pattern.iri),
                "kinds": list(each.change.kinds),
                "mechanical": each.proposed is not None,
                "candidates": [str(term.iri) for term in each.candidates],
            }
            for each in impact.touched
        ],
        "tables": [
            {
                "by": list(table.by),
                "pairs": table.pairs,
                "rows": [
                    {
                        "keys": list(row.keys),
                        "values": list(row.values),
                        "reviews": {"before": row.before[0], "after": row.after[0]},
                        "looked": {"before": row.before[1], "after": row.after[1]},
                    }
                    for row in table.rows
                ],
            }
            for table in impact.tables
        ],
        "unchanged": [{"by": list(table.by), "pairs": table.pairs} for table in impact.unchanged],
    }


def _parts(impact: Impact) -> list[tuple[str, Sequence[str], list[Sequence[object]]]]:
    """Returns the tables of a report: title, headings, rows."""
    return [
        ("To be confirmed", TOUCHED, [_told(each) for each in impact.mechanical]),
        ("To be decided", TOUCHED, [_told(each) for each in impact.for_a_person]),
        (
            "Recurrence tables that change",
            TABLE,
            [
                (table.command, " · ".join(row.values), row.before[0], row.after[0], row.before[1], row.after[1])
                for table in impact.tables
                for row in table.rows
            ],
        ),
        ("Recurrence tables that do not", TABLE[:1], [(table.command,) for table in impact.unchanged]),
    ]


def _told(each: Touched) -> tuple[str, ...]:
    kinds = ", ".join(each.change.kinds)
    primary = "yes" if each.primary else "no"
    return (
        each.review_label,
        each.item,
        each.coder,
        each.pattern.choice,
        primary,
        kinds,
        " or ".join(term.choice for term in each.candidates),
    )


def _text(impact: Impact) -> str:
    lines = summary(impact)
    for title, headings, rows in _parts(impact):
        lines += ["", f"{title} ({len(rows)})"]
        if not rows:
            lines.append("  none")
            continue
        texts = [list(headings), *([str(cell) for cell in row] for row in rows)]
        widths = [max(len(row[place]) for row in texts) for place in range(len(headings))]
        lines += ["  " + "  ".join(t.ljust(w) for t, w in zip(row, widths, strict=True)).rstrip() for row in texts]
    return "\n".join(lines) + "\n"


def _workbook(impact: Impact) -> bytes:
    out = io.BytesIO()
    workbook = xlsxwriter.Workbook(out, {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False})
    bold = workbook.add_format({"bold": True})
    page = workbook.add_worksheet("Summary")
    page.set_column(0, 0, 120)
    for row, line in enumerate(summary(impact)):
        page.write_string(row, 0, line)
    for title, headings, rows in _parts(impact):
        page = workbook.add_worksheet(title)
        page.freeze_panes(1, 0)
        page.set_column(0, len(headings) - 1, 24)
        page.write_row(0, 0, headings, bold)
        for row, cells in enumerate(rows, start=1):
            page.write_row(row, 0, cells)
    workbook.close()
    return out.getvalue()
