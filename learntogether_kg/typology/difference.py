"""The difference between two versions, told as text, Markdown, a page or JSON."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from learntogether_kg.rendering import environment
from learntogether_kg.typology.changes import MEANINGS, Change, by_kind, compare
from learntogether_kg.typology.terms import Term, Typology


class Form(StrEnum):
    """How a difference is told."""

    TEXT = "text"
    MARKDOWN = "markdown"
    HTML = "html"
    JSON = "json"


@dataclass(frozen=True)
class Difference:
    """Two versions and what differs.

    Attributes:
        old: The name of the older.
        new: The name of the newer.
        changes: What differs, in order.
    """

    old: str
    new: str
    changes: tuple[Change, ...]

    @classmethod
    def between(cls, old: Typology, new: Typology) -> Difference:
        """Returns what differs between two typologies."""
        return cls(old.name, new.name, tuple(compare(old, new)))

    @property
    def title(self) -> str:
        """What is compared, and how many terms differ."""
        count = len(self.changes)
        told = {0: "no change", 1: "1 term changed"}.get(count, f"{count} terms changed")
        return f"{self.old} → {self.new}: {told}"

    def write(self, form: Form) -> str:
        """Returns the difference in a form, with a line end at its end."""
        match form:
            case Form.TEXT:
                return _text(self)
            case Form.MARKDOWN:
                return _markdown(self)
            case Form.HTML:
                return (
                    environment("learntogether_kg.typology")
                    .get_template("difference.html")
                    .render(shown=self, part=part(self))
                )
            case Form.JSON:
                return json.dumps(document(self), indent=2, ensure_ascii=False) + "\n"


def part(difference: Difference) -> str:
    """Returns a difference as a part of a page, under headings of the second level."""
    template = environment("learntogether_kg.typology").get_template("changes.html")
    return template.render(groups=by_kind(list(difference.changes)), meanings=MEANINGS, head=head)


def document(difference: Difference) -> dict[str, object]:
    """Returns a difference as a document."""
    return {
        "old": difference.old,
        "new": difference.new,
        "changes": [
            {
                "kinds": list(each.kinds),
                "old": _entry(each.old) if each.old else None,
                "new": [_entry(term) for term in each.new],
                "mechanical": each.mechanical,
                "details": list(each.details),
            }
            for each in difference.changes
        ],
    }


def head(change: Change) -> str:
    """Returns a change in one line: what became what."""
    after = _names(change.new)
    if change.old is None:
        return after
    if not change.new or (change.new[0].iri == change.old.iri and change.new[0].choice == change.old.choice):
        return change.old.choice
    return f"{change.old.choice} → {after}"


def _text(difference: Difference) -> str:
    lines = [difference.title]
    for kind, changes in by_kind(list(difference.changes)).items():
        lines += ["", f"{kind} ({len(changes)}): {MEANINGS[kind].lower()}"]
        for each in changes:
            further = f" [{', '.join(each.kinds[1:])}]" if len(each.kinds) > 1 else ""
            lines += [f"  {head(each)}{further}", *(f"    {detail}" for detail in each.details)]
    return "\n".join(lines) + "\n"


def _markdown(difference: Difference) -> str:
    lines = [f"# {_escaped(difference.title)}"]
    for kind, changes in by_kind(list(difference.changes)).items():
        lines += ["", f"## {str(kind).capitalize()} ({len(changes)})", "", f"{MEANINGS[kind]}.", ""]
        for each in changes:
            further = f" (*{', '.join(each.kinds[1:])}*)" if len(each.kinds) > 1 else ""
            lines += [f"- **{_escaped(head(each))}**{further}", *(f"  - {_escaped(text)}" for text in each.details)]
    return "\n".join(lines) + "\n"


def _escaped(text: str) -> str:
    """Returns text in which Markdown sees no mark of its own."""
    return "".join(f"\\{sign}" if sign in r"\`*_{}[]<>#|" else sign for sign in text)


def _entry(term: Term) -> dict[str, str]:
    return {"iri": str(term.iri), "label": term.label, "choice": term.choice}


def _names(terms: Sequence[Term]) -> str:
    return " and ".join(term.choice for term in terms)
