"""A comparison of codings as tables, for the command line, CSV and JSON."""

from __future__ import annotations

from collections import Counter
from dataclasses import asdict

from rdflib import URIRef

from learntogether_kg.agreement.codings import Code, Coder, Typology
from learntogether_kg.agreement.coefficients import LEVEL, Figure, Resampling
from learntogether_kg.agreement.comparison import MEASURES, PAIR, Comparison
from learntogether_kg.agreement.differences import Difference, tell
from learntogether_kg.answers import Answer, Value


def figures(comparison: Comparison) -> Answer:
    """Returns every figure as a row: level, whom it is between, its value and interval, or why there is none."""
    rows = tuple(
        (
            found.level,
            found.group,
            found.between,
            measure,
            figure.estimate,
            figure.low,
            figure.high,
            figure.items,
            figure.undefined or None,
        )
        for found in comparison.agreements
        for measure, figure in found.figures.items()
    )
    columns = ("level", "group", "between", "measure", "estimate", "low", "high", "items", "undefined")
    return Answer("agreement", {}, columns, rows)


def overview(comparison: Comparison) -> Answer:
    """Returns the figures to be read beside each other: one row for each level and group of coders.

    Two coders who are all there are stand there once.
    """
    pairs = Counter(found.level for found in comparison.agreements if found.group == PAIR)
    rows = tuple(
        (found.level, found.group, found.between, *(tell_figure(found.figures.get(name)) for name in MEASURES))
        for found in comparison.agreements
        if found.group != PAIR or pairs[found.level] > 1
    )
    return Answer("agreement", {}, ("level", "group", "between", *MEASURES), rows)


def differences(comparison: Comparison) -> Answer:
    """Returns the items to talk about: each with where it stands, what it says and what each coder said of it."""
    rows = tuple(
        (each.kind, each.review, each.item.id, each.item.text, *_codes(comparison, each))
        for each in comparison.differences
    )
    columns = ("difference", "review", "item", "statement", *(coder.code for coder in comparison.coders))
    return Answer("differences", {}, columns, rows)


def as_document(comparison: Comparison, resampling: Resampling) -> dict[str, object]:
    """Returns everything that a comparison found as JSON-ready values, with how it was worked out.

    Args:
        comparison: What was found.
        resampling: How its intervals were drawn.
    """
    typology = comparison.coded.typology
    return {
        "coders": [_coder(coder, typology.name(coder.kind)) for coder in comparison.coders],
        "reviews": list(comparison.reviews),
        "items": comparison.items,
        "typology": comparison.version,
        "intervals": {"level": LEVEL, "resamples": resampling.resamples, "seed": resampling.seed, "drawn": "items"},
        "measures": MEASURES,
        "notes": list(comparison.notes),
        "agreement": [
            {
                "level": found.level,
                "group": found.group,
                "between": found.between,
                "figures": {name: asdict(figure) for name, figure in found.figures.items()},
            }
            for found in comparison.agreements
        ],
        "differences": [_difference(comparison, each) for each in comparison.differences],
        "definitions": {
            str(pattern): {"label": typology.name(pattern), "definition": typology.definitions.get(pattern, "")}
            for pattern in patterns_in_question(comparison)
        },
    }


def patterns_in_question(comparison: Comparison) -> list[URIRef]:
    """Returns the patterns that coders differ over, and what stands above them, in the order of the typology."""
    typology = comparison.coded.typology
    found = {pattern for each in comparison.differences for pattern in each.patterns}
    return sorted(found, key=lambda pattern: (min(map(typology.name, typology.types(pattern))), typology.name(pattern)))


def tell_figure(figure: Figure | None) -> str:
    """Returns a figure in words: ``0.55 (0.27 to 0.82)``; ``–`` where it has none, empty where it is not defined so."""
    if figure is None:
        return ""
    if figure.estimate is None:
        return "–"
    if figure.low is None or figure.high is None:
        return f"{figure.estimate:.2f}"
    return f"{figure.estimate:.2f} ({figure.low:.2f} to {figure.high:.2f})"


def undefined(comparison: Comparison) -> dict[str, str]:
    """Returns why figures are undefined, by whom and what they would be of."""
    return {
        f"{found.between}, {found.level}, {name}": figure.undefined
        for found in comparison.agreements
        for name, figure in found.figures.items()
        if figure.undefined
    }


def _codes(comparison: Comparison, difference: Difference) -> list[Value]:
    given = {coder.iri: codes for coder, codes in difference.codes}
    return [
        tell(comparison.coded.typology, given[coder.iri]) if coder.iri in given else None for coder in comparison.coders
    ]


def _coder(coder: Coder, kind: str) -> dict[str, str]:
    return {"iri": str(coder.iri), "code": coder.code, "kind": kind, "profession": coder.profession}


def _code(typology: Typology, code: Code) -> dict[str, object]:
    return {
        "pattern": str(code.pattern),
        "label": typology.name(code.pattern),
        "primary": code.primary,
        "influence": typology.name(code.influence) or None,
        "explains": typology.name(code.explains) or None,
        "confidence": typology.name(code.confidence) or None,
    }


def _difference(comparison: Comparison, each: Difference) -> dict[str, object]:
    return {
        "difference": each.kind,
        "review": each.review,
        "item": str(each.item.iri),
        "id": each.item.id,
        "kind": each.item.kind,
        "statement": each.item.text,
        "context": [{"heading": heading, "text": text} for heading, text in each.item.context],
        "codes": [
            {"coder": coder.code, "codes": [_code(comparison.coded.typology, code) for code in codes]}
            for coder, codes in each.codes
        ],
    }
