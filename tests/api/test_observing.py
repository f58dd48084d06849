"""What is noted of requests, and what is not."""

from __future__ import annotations

import json
import logging

import pytest
from starlette.testclient import TestClient

from api.main import create_app
from api.observing import LOG
from api.settings import Settings
from learntogether_kg.library import Library

LOCAL = "http://localhost"


@pytest.fixture
def client(sample_library: Library) -> TestClient:
    app = create_app(Settings(library=sample_library.path))
    return TestClient(app, base_url=LOCAL, client=("127.0.0.1", 50000))


@pytest.fixture
def lines(monkeypatch: pytest.MonkeyPatch) -> list[dict[str, object]]:
    found: list[dict[str, object]] = []

    class Collecting(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            found.append(json.loads(record.getMessage()))

    monkeypatch.setattr(LOG, "handlers", [Collecting()])
    return found


def test_a_request_is_one_line_that_tells_nothing_of_who_or_what(
    client: TestClient, lines: list[dict[str, object]]
) -> None:
    secret = "d953e70da436741e"
    for _ in range(2):  # worked out, and kept
        client.get(f"/reviews/{secret}.json?limit=7", headers={"User-Agent": "somebody"})
    client.get("/reviews.json", headers={"Authorization": "Bearer ltkg_secret"})
    client.get("/nothing/private")
    told = [(line["method"], line["route"], line["status"]) for line in lines]
    assert told[:2] == [("GET", "/reviews/{review}.json", 200)] * 2
    assert told[2][2] == 401
    assert told[3] == ("GET", "none", 404)
    assert all(isinstance(line["milliseconds"], float) for line in lines)
    assert {"time", "method", "route", "status", "milliseconds", "release", "role"} == set(lines[0])
    written = json.dumps(lines)
    assert not [
        word for word in (secret, "limit", "somebody", "ltkg_secret", "127.0.0.1", "private") if word in written
    ]


def test_figures_count_requests_by_route_and_status(client: TestClient) -> None:
    for _ in range(3):
        client.get("/reviews.json")
    client.get("/reviews/nobody")
    figures = client.get("/metrics")
    assert figures.headers["content-type"].startswith("text/plain")
    assert 'learntogether_requests_total{method="GET",route="/reviews.json",status="200"} 3.0' in figures.text
    assert 'learntogether_requests_total{method="GET",route="/reviews/{review}",status="404"} 1.0' in figures.text
    assert 'learntogether_request_seconds_bucket{le="0.05",method="GET",route="/reviews.json"}' in figures.text
    assert "nobody" not in figures.text


def test_figures_are_for_this_machine(sample_library: Library, client: TestClient) -> None:
    elsewhere = TestClient(client.app, base_url=LOCAL, client=("192.0.2.1", 50000))
    assert elsewhere.get("/metrics").status_code == 403
    assert client.get("/metrics", headers={"X-Forwarded-For": "192.0.2.1"}).status_code == 403
