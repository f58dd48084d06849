"""The API's own documentation: its examples work, and nothing that fits it breaks the server."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

import pytest
import schemathesis
from hypothesis import HealthCheck, given, settings
from schemathesis.checks import not_a_server_error
from starlette.testclient import TestClient

from api.main import create_app
from api.settings import Settings
from learntogether_kg.library import Library


@pytest.fixture(scope="module")
def api(sample_library: Library) -> Any:
    app = create_app(Settings(library=sample_library.path, log=False))
    return schemathesis.openapi.from_asgi("/openapi.json", app)


# A warning from inside schemathesis is not ours to mend.
@pytest.mark.filterwarnings("default")
def test_nothing_that_can_be_asked_is_a_server_error(api: Any) -> None:
    """Uploads are tried by test_validation.py, which knows what a review looks like."""
    tried = []
    for found in api.exclude(path="/validate", method="POST").get_all_operations():
        operation = found.ok()

        @given(operation.as_strategy())
        @settings(
            max_examples=20, derandomize=True, deadline=None, database=None, suppress_health_check=list(HealthCheck)
        )
        def ask(case: schemathesis.Case) -> None:
            case.call_and_validate(checks=[not_a_server_error])

        ask()
        tried.append(operation.path)
    assert len(tried) > 40


def examples(document: dict[str, Any]) -> dict[str, str]:
    """Returns an address for each path of the documentation, made of its own examples."""
    found = {}
    for path, operations in document["paths"].items():
        parameters = operations["get"].get("parameters", [])
        address = path
        for each in parameters:
            if each["in"] == "path":
                (value,) = (example["value"] for example in each["examples"].values())
                address = address.replace(f"{{{each['name']}}}", value)
        given = next((each["example"] for each in parameters if each["name"] == "arguments"), {})
        found[path] = f"{address}?{urlencode(given)}" if given else address
    return found


def test_every_address_in_the_documentation_has_an_example_that_works(sample_library: Library) -> None:
    app = create_app(Settings(library=sample_library.path, log=False, sparql=True))
    client = TestClient(app, base_url="http://localhost", client=("127.0.0.1", 50000))
    found = examples(client.get("/openapi.json").json())
    assert len(found) > 40
    for path, address in found.items():
        assert "{" not in address, path
        answer = client.get(address, headers={"Accept": "*/*"}, follow_redirects=False)
        assert answer.status_code in (200, 303), (address, answer.text)


def test_every_address_says_what_it_is_and_which_problems_it_may_have(client: TestClient) -> None:
    document = client.get("/openapi.json").json()
    for path, operations in document["paths"].items():
        for operation in operations.values():
            assert operation["summary"], path
            assert operation["tags"], path
