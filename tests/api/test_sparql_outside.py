"""No query reaches the network or a foreign file: the server is watched from outside while it is asked."""

from __future__ import annotations

import re
import shutil
import socket
from pathlib import Path

import httpx2
import pytest

from learntogether_kg.library import Library
from tests.api.serving import serving


def test_no_query_opens_a_connection_or_a_foreign_file(sample_library: Library, tmp_path: Path) -> None:
    strace = shutil.which("strace")
    bait = tmp_path / "bait.ttl"
    bait.write_text("<a:a> <a:b> <a:c> .", encoding="utf-8")
    trace = tmp_path / "trace.txt"
    watch = (strace, "-D", "-f", "-o", str(trace), "-e", "trace=connect,sendto,open,openat") if strace else ()
    with socket.socket() as trap:
        trap.bind(("127.0.0.1", 0))
        trap.listen()
        trap.settimeout(0.5)
        dialled = f"http://127.0.0.1:{trap.getsockname()[1]}/"
        with serving(sample_library.path, watched_by=watch, sparql=True) as address:
            for query in _reaching(dialled, bait.as_uri()):
                for sent in ({"query": query}, {"query": "ASK { ?s ?p ?o }", "default-graph-uri": bait.as_uri()}):
                    answer = httpx2.post(f"{address}/sparql", data=sent, timeout=60)
                    assert answer.status_code in (400, 403), (query, answer.text)
                    assert "a:c" not in answer.text
            remote = f'{{"@context": "{dialled}context", "@id": "a:a", "a:b": "c"}}'.encode()
            upload = {"file": ("review.jsonld", remote, "application/octet-stream")}
            assert httpx2.post(f"{address}/validate", files=upload, timeout=60).status_code == 400
        with pytest.raises(TimeoutError):
            trap.accept()
    if not strace:
        pytest.skip("strace is not installed: only the trap on the loopback interface watched")
    calls = trace.read_text(encoding="utf-8", errors="replace")
    assert "openat(" in calls, "the trace is one of this server"
    assert bait.name not in calls
    assert re.findall(r"connect\(.*AF_INET.*", calls) == []


def _reaching(dialled: str, file: str) -> list[str]:
    return [
        f"SELECT * {{ SERVICE <{dialled}> {{ ?s ?p ?o }} }}",
        f"SELECT * {{ S\\u0045RVICE SILENT <{dialled}> {{ ?s ?p ?o }} }}",
        f"SELECT * {{ LATERAL {{ SERVICE <{dialled}> {{ ?s ?p ?o }} }} }}",
        f"SELECT * {{ ?a ?p ?b FILTER(?a<?b#>'''\n) SERVICE <{dialled}> {{}}\n#'''\n}}",
        f"SELECT * FROM <{dialled}> {{ ?s ?p ?o }}",
        f"SELECT * FROM <{file}> {{ ?s ?p ?o }}",
        f"ASK FROM NAMED <{file}> {{ GRAPH ?g {{ ?s ?p ?o }} }}",
        f"LOAD <{dialled}>",
        f"LOAD <{file}>",
        f"L\\u004FAD <{file}> INTO GRAPH <a:b>",
    ]
