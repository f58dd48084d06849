"""The client for notebooks, against a server that is really there."""

from __future__ import annotations

import re
import threading
from collections.abc import Iterator
from pathlib import Path

import pyarrow as pa
import pytest
import uvicorn

from api.main import create_app
from api.settings import Settings
from learntogether_kg import queries
from learntogether_kg.answers import Resource
from learntogether_kg.client import Client
from learntogether_kg.errors import ServerError
from learntogether_kg.library import Library

README = Path(__file__).parent.parent / "README.md"


class Announcing(uvicorn.Server):
    """A server that says when it listens."""

    def __init__(self, config: uvicorn.Config) -> None:
        super().__init__(config)
        self.listening = threading.Event()

    async def startup(self, sockets: list | None = None) -> None:
        await super().startup(sockets)
        self.listening.set()


@pytest.fixture(scope="module")
def address(sample_library: Library) -> Iterator[str]:
    app = create_app(Settings(library=sample_library.path, log=False))
    server = Announcing(uvicorn.Config(app, port=0, log_level="error", lifespan="off"))
    thread = threading.Thread(target=server.run)
    thread.start()
    assert server.listening.wait(60)
    yield f"http://127.0.0.1:{server.servers[0].sockets[0].getsockname()[1]}"
    server.should_exit = True
    thread.join()


def test_the_example_of_the_readme_runs(address: str, capsys: pytest.CaptureFixture[str]) -> None:
    (example,) = re.findall(r"<!-- notebook -->\n```python\n(.*?)```", README.read_text(encoding="utf-8"), re.DOTALL)
    exec(example.replace("http://localhost:8000", address), {})
    assert "Assessment and longer-term work" in capsys.readouterr().out


def test_a_table_holds_the_whole_answer(address: str, sample_library: Library) -> None:
    expected = queries.ask(sample_library.release().store, "review-findings")
    table = Client(address).ask("review-findings", limit=7)
    assert table.num_rows == len(expected.rows) > 7
    reviews = [row[0] for row in expected.rows]
    assert table["review"].to_pylist() == [each.label for each in reviews if isinstance(each, Resource)]
    assert table["review_iri"].to_pylist() == [each.iri for each in reviews if isinstance(each, Resource)]


def test_numbers_are_numbers(address: str) -> None:
    table = Client(address).recur("type", codes="any")
    assert pa.types.is_integer(table["reviews"].type)
    assert table.num_rows == 6


@pytest.mark.parametrize(
    ("client", "query", "words"),
    [
        ({}, "recuring-patterns", "did you mean recurring-patterns"),
        ({"release": "none"}, "reviews", "There is no release named 'none'"),
        ({"token": "ltkg_none"}, "reviews", "This token is not known here"),
        ({"address": "http://127.0.0.1:1"}, "reviews", "does not answer"),
        ({"address": "file:///etc/passwd"}, "reviews", "http://"),
    ],
)
def test_what_goes_wrong_is_told_in_one_sentence(address: str, client: dict[str, str], query: str, words: str) -> None:
    with pytest.raises(ServerError, match=re.escape(words)):
        Client(**{"address": address, **client}).ask(query)
