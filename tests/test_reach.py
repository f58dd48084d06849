"""What a query from outside would reach beyond its store is seen in every spelling, and nothing else is refused."""

from __future__ import annotations

import socket
import subprocess
import sys

import pytest
from rdflib import URIRef

from api.sealing import can_deny
from learntogether_kg.errors import MalformedQueryError, ReachingQueryError
from learntogether_kg.store.reach import refuse_reaching_out

HELD = URIRef("https://example.org/held")
NEAR = "<https://example.org/held>"


@pytest.mark.parametrize(
    "query",
    [
        "SELECT * { SERVICE <http://a/> { ?s ?p ?o } }",
        "SELECT * { service silent ?where { ?s ?p ?o } }",
        "SELECT * { ?s ?p ?o FILTER NOT EXISTS { SERVICE <http://a/> {} } }",
        "SELECT * { { SELECT * { OPTIONAL { SERVICE <http://a/> {} } } } }",
        r"SELECT * { S\u0045RVICE <http://a/> { ?s ?p ?o } }",
        r"SELECT * { \U00000053ERVICE <http://a/> { ?s ?p ?o } }",
        r"SELECT * { ?s ?p '\u0027 . SERVICE <http://a/> {} } #'}",
        "SELECT * { ?a ?p ?b FILTER(?a<?b#>'''\n) SERVICE <http://a/> {}\n#'''\n}",
        "SELECT * FROM <file:///etc/passwd> { ?s ?p ?o }",
        f"SELECT * FROM {NEAR} FROM NAMED <http://a/> {{ ?s ?p ?o }}",
        "BASE <https://example.org/> SELECT * FROM <other> { ?s ?p ?o }",
        r"ASK FR\u004FM <http://a/> { ?s ?p ?o }",
        "LOAD <http://a/>",
        "# SELECT\nPREFIX a: <b:c> INSERT DATA { a:b a:c a:d }",
        r"\u004CLOAD <http://a/>",
        "SELECT * { LATERAL { SERVICE <http://a/> {} } }",
        r"SELECT * { ?s ?p '\uD800 service' }",
        "{" * 5000 + "SERVICE",
    ],
)
def test_a_query_that_reaches_out_is_refused(query: str) -> None:
    with pytest.raises((ReachingQueryError, MalformedQueryError)):
        refuse_reaching_out(query, HELD.__eq__)


@pytest.mark.parametrize(
    ("query", "chooses"),
    [
        ("SELECT * { ?s ?p ?o }", False),
        ("SELECT ?service ?from { ?service ?load 'FROM the service', \"LOAD\" } # SERVICE", False),
        ("PREFIX s: <http://service/> SELECT * { s:from ?p s:service }", False),
        (r"SELECT * { ?s ?p 'a\u0020service' }", False),
        (f"SELECT * FROM {NEAR} {{ ?s ?p ?o }}", True),
        ("PREFIX e: <https://example.org/> ASK FROM NAMED e:held { ?s ?p ?o }", True),
        ("not SPARQL at all", False),
    ],
)
def test_any_other_query_is_left_to_the_engine(query: str, chooses: bool) -> None:
    assert refuse_reaching_out(query, HELD.__eq__) is chooses


@pytest.mark.skipif(not can_deny(), reason="this system's kernel cannot be asked to deny sockets")
def test_a_process_that_is_sealed_reaches_nobody_even_through_the_engine() -> None:
    program = """
import socket, pyoxigraph
from api.sealing import deny_sockets
assert deny_sockets()
try:
    list(pyoxigraph.Store().query("SELECT * { SERVICE <http://127.0.0.1:%d/> { ?s ?p ?o } }"))
except OSError as error:
    print("denied")
"""
    with socket.socket() as trap:
        trap.bind(("127.0.0.1", 0))
        trap.listen()
        trap.settimeout(0.2)
        code = program % trap.getsockname()[1]
        done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=True)
        assert done.stdout.strip() == "denied"
        with pytest.raises(TimeoutError):
            trap.accept()
