"""The form of a named query, made from its parameters."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from learntogether_kg.namespaces import expand
from learntogether_kg.queries import Vocabulary
from learntogether_kg.query_files import NamedQuery, Parameter

_EMPTY = "; empty for "
_TO_CHOOSE_FROM = 500
"""A longer list is not offered to choose from: a name is typed, as a page shows it."""


@dataclass(frozen=True)
class Choice:
    """One entry of a list to choose from."""

    value: str
    label: str
    chosen: bool


def choices(names: Iterable[tuple[str, str]], chosen: str) -> tuple[Choice, ...]:
    """Returns values with their labels as a list to choose from, one of them chosen."""
    return tuple(Choice(value, label, value == chosen) for value, label in names)


@dataclass(frozen=True)
class Picker:
    """One list of a form.

    Attributes:
        name: The argument's name.
        label: What it means.
        choices: What can be chosen.
        several: Whether more than one is chosen.
    """

    name: str
    label: str
    choices: tuple[Choice, ...]
    several: bool = False


@dataclass(frozen=True)
class Field:
    """One field of a form.

    Attributes:
        name: The parameter's name.
        label: What it means.
        value: What stands in it, where it is typed.
        whole_number: Whether a whole number is typed.
        required: Whether it must not be left empty.
        choices: What can be chosen; nothing where it is typed.
    """

    name: str
    label: str
    value: str
    whole_number: bool
    required: bool
    choices: tuple[Choice, ...]

    @property
    def picker(self) -> Picker:
        """The list to choose from, where there is one."""
        return Picker(self.name, self.label, self.choices)


def fields(query: NamedQuery, typed: Mapping[str, str], vocabulary: Vocabulary) -> list[Field]:
    """Returns the fields of a query's form, filled in with what was asked.

    Args:
        query: The query.
        typed: The arguments that the address gives, all of them good.
        vocabulary: What can be chosen.
    """
    return [_field(parameter, typed, vocabulary) for parameter in query.parameters]


def _field(parameter: Parameter, typed: Mapping[str, str], vocabulary: Vocabulary) -> Field:
    label, _, any_label = parameter.meaning.partition(_EMPTY)
    value = typed.get(parameter.name, parameter.default_text).strip()
    values = _values(parameter, vocabulary)
    choices = tuple(Choice(given, shown, _is_chosen(value, given, shown, iri)) for given, shown, iri in values)
    closed = parameter.kind in ("xsd:string", "xsd:boolean")
    # Where the file's own default is a value, leaving the field empty would ask something else than the reader sees.
    required = parameter.default != "UNDEF" and (closed or not choices)
    if choices and not required:
        choices = (Choice("", (any_label or "any").capitalize(), not value), *choices)
    return Field(parameter.name, label, value, parameter.kind == "xsd:integer", required, choices)


def _values(parameter: Parameter, vocabulary: Vocabulary) -> list[tuple[str, str, str]]:
    """Returns what can be chosen: how the address gives it, its label, its IRI where it has one."""
    match parameter.kind:
        case "xsd:boolean":
            return [("true", "yes", ""), ("false", "no", "")]
        case "xsd:integer" | "xsd:string":
            return [(choice, choice.capitalize(), "") for choice in parameter.choices]
    choices = vocabulary.choices(parameter.kind)
    if len(choices.labels) > _TO_CHOOSE_FROM:
        return []
    shared = {label for label, number in Counter(choices.labels.values()).items() if number > 1}
    return [
        (name, f"{label} ({name})" if label in shared else label, str(iri))
        for iri, label, name in zip(choices.labels, choices.labels.values(), choices.names.values(), strict=True)
    ]


def _is_chosen(typed: str, value: str, label: str, iri: str) -> bool:
    """A person may have typed a resource's label, its IRI, its prefixed name or the last part of it."""
    return typed.casefold() in (value.casefold(), label.casefold()) or (bool(iri) and str(expand(typed)) == iri)
