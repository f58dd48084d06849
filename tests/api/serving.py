"""A server of its own on the loopback interface, for clients that need a real connection."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

PATIENCE_SECONDS = 60


def free_port() -> int:
    """Returns a port of the loopback interface that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


@contextmanager
def serving(library: Path, watched_by: tuple[str, ...] = (), **settings: object) -> Iterator[str]:
    """Serves a library and yields the server's address.

    Args:
        library: The library's folder.
        watched_by: A program, with its arguments, that runs the server and watches it.
        settings: Fields of `api.settings.Settings`.
    """
    port = free_port()
    environment = {**os.environ, "LTKG_LIBRARY": str(library), **_variables(settings)}
    command = [*watched_by, sys.executable, "-m", "uvicorn", "api.main:create_app", "--factory"]
    command += ["--port", str(port), "--log-level", "error"]
    with subprocess.Popen(command, env=environment) as server:
        try:
            wait_for(server, port)
            yield f"http://127.0.0.1:{port}"
        finally:
            server.terminate()


def _variables(settings: Mapping[str, object]) -> dict[str, str]:
    return {f"LTKG_{name.upper()}": str(value) for name, value in settings.items()}


def wait_for(server: subprocess.Popen[bytes], port: int) -> None:
    """Returns as soon as the server takes a connection."""
    deadline = time.monotonic() + PATIENCE_SECONDS
    while server.poll() is None:
        with socket.socket() as client:
            if client.connect_ex(("127.0.0.1", port)) == 0:
                return
        assert time.monotonic() < deadline, f"port {port} did not answer within {PATIENCE_SECONDS} s"
    raise AssertionError(f"the server ended with {server.returncode}")
