"""A release under a restricted profile: what is served of it, and what the command line says."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from starlette.testclient import TestClient

from api.guard import ANALYSTS, is_protected
from api.main import create_app
from api.settings import Settings
from learntogether_kg import publishing, queries, reviews
from learntogether_kg.answers import Resource
from learntogether_kg.disclosure import storage
from learntogether_kg.errors import DisclosureError, ProfileError
from learntogether_kg.library import Library
from learntogether_kg.snapshot import DISCLOSURE
from tests.test_cli import ltkg

PROFILE = "dfe-one-way"


@pytest.fixture(scope="module")
def library(teaching_library: Library, tmp_path_factory: pytest.TempPathFactory) -> Library:
    path = shutil.copytree(teaching_library.path, tmp_path_factory.mktemp("restricted") / "library")
    library = Library.open(path)
    publishing.publish(library, "guarded", PROFILE)
    return library


@pytest.fixture(scope="module")
def client(library: Library) -> Iterator[TestClient]:
    with TestClient(create_app(Settings(library=library.path, release="guarded"))) as client:
        yield client


def test_counts_are_served_and_small_ones_are_not(client: TestClient) -> None:
    answer = client.get("/recurrence.json?by=type").json()
    assert answer["profile"] == PROFILE
    counts = [row["reviews"] for row in answer["rows"]]
    assert len(counts) == 6
    assert any(isinstance(count, int) for count in counts)
    assert not set(counts) & set(range(1, 6))
    assert client.get("/recurrence?by=type", headers={"Accept": "text/html"}).status_code == 200
    assert client.get("/recurrence.csv?by=pattern").status_code == 200
    assert client.get("/recurrence.svg?by=type").status_code == 200


@pytest.mark.parametrize("query", ["by=type&by=harm", "by=type&codes=any", "by=level", "by=coder", "pairs=true"])
def test_what_the_profile_does_not_answer_is_refused_with_a_reason(query: str, client: TestClient) -> None:
    for form in (".json", ".csv", ".svg"):
        answer = client.get(f"/recurrence{form}?{query}")
        assert answer.status_code == 403, (form, answer.text)
        assert answer.json()["detail"].startswith("Disclosure control (")


def test_a_client_may_ask_for_a_stricter_profile_and_for_no_looser_one(client: TestClient) -> None:
    def shown(query: str) -> list[object]:
        answer = client.get(f"/recurrence.json?by=harm{query}")
        assert answer.status_code == 200, answer.text
        return [row["allReviews"] for row in answer.json()["rows"]]

    # The very profile it was published under is no looser.
    assert shown(f"&profile={PROFILE}") == shown("&profile=") == shown("")
    for form in (".json", ".csv", ".svg"):
        for looser in ("open", "dfe"):
            answer = client.get(f"/recurrence{form}?by=harm&profile={looser}")
            assert answer.status_code == 403, (form, looser)
            assert "would show more" in answer.json()["detail"]
        assert client.get(f"/recurrence{form}?by=harm&profile=none").status_code == 422
        assert client.get(f"/recurrence{form}?by=harm&profile=/etc/own.toml").status_code == 422


def test_every_other_address_is_refused(client: TestClient) -> None:
    paths = [path for path in client.get("/openapi.json").json()["paths"] if not is_protected(path)]
    assert len(paths) > 10
    for path in paths:
        answer = client.get(path.replace("{pattern}", "supervision").replace("{name}", "reviews"))
        if path in ANALYSTS:
            assert answer.status_code == 401, path
            continue
        assert answer.status_code == 403, path
        assert "ask at /recurrence" in answer.text


def test_the_command_line_answers_under_the_profile_of_the_release(library: Library) -> None:
    def shown(*more: str) -> list[object]:
        run = ltkg("recur", "--by", "harm", "--library", str(library.path), "--format", "json", *more)
        assert run.returncode == 0, run.stderr
        return [row["allReviews"] for row in json.loads(run.stdout)["rows"]]

    guarded, everything = shown(), shown("--profile", "open")
    assert not set(guarded) & set(range(1, 6))
    assert any(0 < int(str(count)) < 6 for count in everything)
    assert all(one in ("c", other) for one, other in zip(guarded, everything, strict=True))
    looser = ltkg("recur", "--by", "harm", "--library", str(library.path), "--profile", "dfe")
    assert looser.returncode == 2
    assert "would show more" in looser.stderr


def test_a_release_is_published_under_a_profile_by_the_command_line(library: Library) -> None:
    unknown = ltkg("publish", "other", "--library", str(library.path), "--profile", "none")
    assert unknown.returncode == 2
    assert "there are dfe" in unknown.stderr
    assert [each.manifest.release for each in library.releases()][-1] == "guarded"
    again = ltkg("publish", "again", "--library", str(library.path), "--profile", PROFILE)
    assert again.returncode == 0, again.stderr
    shown = [(library.release(name).path / DISCLOSURE / storage.SHOWN).read_text() for name in ("guarded", "again")]
    assert shown[0] == shown[1]  # the same reviews keep their alternatives


def test_where_protection_takes_too_long_nothing_is_published_and_a_sentence_says_what_to_do(
    teaching_library: Library, tmp_path: Path
) -> None:
    library = Library.open(Path(shutil.copytree(teaching_library.path, tmp_path / "library")))
    before = [each.manifest.release for each in library.releases()]
    late = ltkg("publish", "late", "--library", str(library.path), "--profile", "dfe", "--minutes", "0")
    assert late.returncode == 2
    assert "within 0 minutes" in late.stderr
    assert "--minutes" in late.stderr
    assert [each.manifest.release for each in library.releases()] == before
    told: list[int] = []
    publishing.publish(library, "in-time", PROFILE, told.append)
    assert told[0] > 0


def test_a_release_that_nearly_is_another_leaves_nothing(library: Library) -> None:
    listed = queries.ask(library.current().store, "reviews")
    first = listed.rows[0][listed.columns.index("review")]
    assert isinstance(first, Resource)
    reviews.withdraw(library, [first.label], "trying it out")
    before = [each.manifest.release for each in library.releases()]
    with pytest.raises(DisclosureError, match="differs from release guarded by fewer than 6 reviews"):
        publishing.publish(library, "too-near", PROFILE)
    assert [each.manifest.release for each in library.releases()] == before


def test_an_open_release_has_no_stricter_answers(teaching_library: Library) -> None:
    release = teaching_library.release()
    assert publishing.protection(release).table is None
    assert publishing.protection(release, "open").table is None
    with pytest.raises(DisclosureError, match="publish NAME --profile dfe"):
        publishing.protection(release, "dfe")
    with pytest.raises(ProfileError):
        publishing.protection(release, "/etc/passwd")


def test_what_was_protected_is_part_of_what_is_verified(library: Library) -> None:
    release = library.release("guarded")
    assert storage.SHOWN in release.manifest.files
    path: Path = release.path / DISCLOSURE / storage.SHOWN
    kept = path.read_text()
    path.write_text(kept + " ")
    assert release.altered_files() == [storage.SHOWN]
    path.write_text(kept)
