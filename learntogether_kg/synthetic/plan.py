"""What synthetic reviews are drawn from: chances, weights and texts, read from ``plan.toml``."""

from __future__ import annotations

import json
import tomllib
from collections.abc import Mapping
from functools import cache
from importlib import resources as package_files
from random import Random
from typing import Any

from learntogether_kg.namespaces import TYP
from learntogether_kg.ontology import concepts


@cache
def plan() -> Mapping[str, Any]:
    """Returns the plan as its file has it."""
    text = package_files.files("learntogether_kg.synthetic").joinpath("plan.toml").read_text(encoding="utf-8")
    return tomllib.loads(text)


@cache
def type_of(pattern: str) -> str:
    """Returns the local name of the type above a sub-pattern; a type stands for itself."""
    return next(
        str(each.broader[0] if each.broader else each.iri).removeprefix(str(TYP))
        for each in concepts(TYP.scheme)
        if each.iri == TYP[pattern]
    )


@cache
def types() -> tuple[str, ...]:
    """Returns the local names of the types that the plan's patterns stand under, sorted."""
    return tuple(sorted({type_of(pattern) for pattern in plan()["frequencies"]}))


@cache
def label_of(pattern: str) -> str:
    """Returns the label of a pattern as it stands within a sentence."""
    return next(each.label for each in concepts(TYP.scheme) if each.iri == TYP[pattern]).lower()


class Dice:
    """Draws by the plan. The order of calls decides what comes, so that a seed decides everything."""

    def __init__(self, seed: str) -> None:
        self.random = Random(seed)

    def happens(self, name: str) -> bool:
        """Draws whether something with a chance in the plan is so."""
        return self.random.random() < float(plan()[name])

    def entry(self, name: str) -> str:
        """Draws an entry of a code list by its weight and returns it as a prefixed name."""
        weights: Mapping[str, int] = plan()["choices"][name]
        return f"cl:{self.random.choices(list(weights), list(weights.values()))[0]}"

    def text(self, name: str, **parts: str) -> str:
        """Draws a text, fills in its parts, and returns it as a literal."""
        return literal(self.random.choice(plan()["texts"][name]).format(**parts))


def literal(text: str) -> str:
    """Returns a text as a literal in Turtle."""
    return json.dumps(text, ensure_ascii=False)
