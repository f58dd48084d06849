"""The JSON documents, as the API's own documentation describes them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pydantic import BaseModel, Field


class AnswerDocument(BaseModel):
    """An answer. That of one review or pattern has its record besides, as ``review`` or ``pattern``."""

    query: str = Field(description="The name of the query that was asked")
    question: str = Field(description="The competency question it answers, or none")
    summary: str = Field(description="What it answers")
    release: str = Field(description="The release it was asked of")
    arguments: dict[str, str] = Field(description="Every parameter as it was asked; empty means any")
    columns: dict[str, str] = Field(description="What each column means")
    total: int | None = Field(description="How many rows the whole answer has; none where that is not known yet")
    next: str | None = Field(description="The address of the next rows; none where these are the last")
    rows: list[dict[str, Any]] = Field(description="A resource is an object with iri and label")


class ResultDocument(BaseModel):
    """One thing to look at again."""

    cell: str = Field(description="Sheet and cell; empty where the file has none")
    severity: str = Field(description="Violation, Warning or Info")
    rule: str = Field(description="The shape that reports")
    message: str = Field(description="What is wrong")
    remedy: str = Field(description="What to do")
    suggestion: str = Field(description="What may have been meant")
    reason: str = Field(description="Why the model asks")
    answer: str = Field(description="The recorded reason for which it may stand; empty where there is none")
    value: str = Field(description="What stands there")
    path: str = Field(description="The property in question")
    focus_node: str = Field(description="The node that the shape looked at")


class ReportDocument(BaseModel):
    """What a check found."""

    file: str = Field(description="The name of the file")
    stage: str = Field(description="draft or publication")
    conforms: bool = Field(description="Whether the review may enter a library: there is no violation")
    counts: dict[str, int] = Field(description="How many results there are of each severity")
    answered: int = Field(description="How many would weigh more without a recorded reason")
    results: list[ResultDocument] = Field(description="In the order of sheets and rows")


class ProblemDocument(BaseModel):
    """What went wrong and what to do (RFC 9457)."""

    type: str = Field(description="An IRI that names the kind of problem")
    title: str = Field(description="The kind in words")
    status: int = Field(description="The HTTP status")
    detail: str = Field(description="What is wrong this time, and what to do")


def problems(words: Mapping[int, str]) -> dict[int | str, dict[str, Any]]:
    """Returns the problems that an address may answer with, as OpenAPI has them, from what each status means there."""
    return {
        status: {
            "description": meaning,
            "content": {"application/problem+json": {"schema": ProblemDocument.model_json_schema()}},
        }
        for status, meaning in words.items()
    }


class HealthDocument(BaseModel):
    """Whether the release is as it was published."""

    status: str = Field(description="whole or damaged")
    whole: bool = Field(description="Whether the store holds as many quads as were published")
    release: str = Field(description="The name of the release")
    state: int = Field(description="The state of the library that was published")
    studies: int | None = Field(description="Reviews and syntheses; none where that is not public")
    quads: int | None = Field(description="Quads that were published; none where that is not public")
    made: str = Field(description="When the release was made")
    made_by: str = Field(description="The version of the software that made it")
    software: str = Field(description="The version of the software that serves it")
    ontology: str = Field(description="The fingerprint of its ontology, typology and code lists")
