from __future__ import annotations

import stat
from pathlib import Path

import pytest

from learntogether_kg.errors import StoreUnavailableError, TokenError
from learntogether_kg.tokens import FILE, Role, Tokens
from tests.test_cli import ltkg


def test_a_token_is_found_by_what_was_shown_once(tmp_path: Path) -> None:
    tokens = Tokens(tmp_path)
    shown = tokens.add("policy-team", Role.ANALYST)
    found = Tokens(tmp_path).find(shown)
    assert found is not None
    assert (found.name, found.role) == ("policy-team", Role.ANALYST)
    assert tokens.find(shown + "x") is None
    assert tokens.find("") is None


def test_what_is_kept_does_not_hold_the_token_and_is_for_its_owner_only(tmp_path: Path) -> None:
    shown = Tokens(tmp_path).add("policy-team", Role.ANALYST)
    file = tmp_path / FILE
    assert shown.removeprefix("ltkg_") not in file.read_text()
    assert stat.S_IMODE(file.stat().st_mode) == 0o600


def test_a_revoked_token_is_worthless_and_others_stay(tmp_path: Path) -> None:
    tokens = Tokens(tmp_path)
    gone, kept = tokens.add("gone", Role.ANALYST), tokens.add("kept", Role.CUSTODIAN)
    tokens.revoke("gone")
    assert tokens.find(gone) is None
    assert tokens.find(kept) is not None


@pytest.mark.parametrize("name", ["", "a b", "../x", "-x", "x" * 65])
def test_a_name_that_is_none_is_refused(tmp_path: Path, name: str) -> None:
    with pytest.raises(TokenError, match="no name for a token"):
        Tokens(tmp_path).add(name, Role.ANALYST)
    assert not (tmp_path / FILE).exists()


def test_a_name_that_is_taken_or_unknown_is_refused(tmp_path: Path) -> None:
    tokens = Tokens(tmp_path)
    tokens.add("one", Role.ANALYST)
    with pytest.raises(TokenError, match="revoke it first"):
        tokens.add("one", Role.CUSTODIAN)
    with pytest.raises(TokenError, match="no token of that name"):
        tokens.revoke("other")
    assert [token.name for token in tokens.all()] == ["one"]


@pytest.mark.parametrize(
    "text", ["", "{", "[1]", '[{"name": "x"}]', '[{"name":"x","role":"king","made":"","digest":""}]']
)
def test_a_damaged_file_is_an_error_and_opens_nothing(tmp_path: Path, text: str) -> None:
    (tmp_path / FILE).write_text(text)
    with pytest.raises(StoreUnavailableError, match="cannot be read"):
        Tokens(tmp_path).find("anything")


def test_the_command_line_shows_a_token_last_and_once(tmp_path: Path) -> None:
    library = str(tmp_path / "library")
    assert ltkg("init", "--library", library).returncode == 0
    made = ltkg("token", "add", "policy-team", "--role", "analyst", "--library", library)
    shown = made.stdout.splitlines()[-1]
    assert shown.startswith("ltkg_")
    listed = ltkg("token", "list", "--library", library)
    assert "policy-team" in listed.stdout
    assert shown not in listed.stdout
    assert Tokens(Path(library)).find(shown) is not None
    assert ltkg("token", "revoke", "policy-team", "--library", library).returncode == 0
    assert Tokens(Path(library)).find(shown) is None
    assert ltkg("token", "revoke", "policy-team", "--library", library).returncode == 2


def test_tokens_need_a_library(tmp_path: Path) -> None:
    run = ltkg("token", "add", "x", "--role", "analyst", "--library", str(tmp_path / "none"))
    assert (run.returncode, run.stdout) == (3, "")
