"""How resources are called in addresses: no two of one list alike, and none of this project's own ever another way."""

from __future__ import annotations

import hashlib

from learntogether_kg.namespaces import CL, TYP, names

OURS, THEIRS, OTHERS = str(TYP.supervision), "https://example.org/a#supervision", "https://example.org/b/supervision"


def digits(iri: str) -> str:
    return hashlib.sha256(iri.encode()).hexdigest()[:6]


def test_the_last_part_of_an_iri_is_its_name_where_no_other_has_it() -> None:
    assert names([OURS, "https://example.org/a#other"]) == {OURS: "supervision", "https://example.org/a#other": "other"}
    assert names([]) == {}


def test_what_shares_its_last_part_gets_digits_of_its_own_and_the_project_s_own_stays() -> None:
    found = names([THEIRS, OURS, OTHERS])
    assert found == {
        THEIRS: f"supervision-{digits(THEIRS)}",
        OURS: "supervision",
        OTHERS: f"supervision-{digits(OTHERS)}",
    }
    assert names([OURS])[OURS] == "supervision", "a further extension changes no address that is known"


def test_two_of_the_project_s_own_keep_their_prefixes() -> None:
    both = names([str(TYP.neutral), str(CL.neutral)])
    assert list(both.values()) == ["typ:neutral", "cl:neutral"]
