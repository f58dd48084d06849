"""What the server is told by its environment."""

from __future__ import annotations

from pathlib import Path

from pydantic import Field
from pydantic_settings import BaseSettings, SettingsConfigDict

from learntogether_kg.live import is_address


class Settings(BaseSettings):
    """Which release of which library is served.

    Attributes:
        library: The library's folder, or the address of a SPARQL server with a live library (``LTKG_LIBRARY``).
        release: The name of the release (``LTKG_RELEASE``); by default the newest.
        live_seconds: How long a live library is taken to be at the state it was last seen at (``LTKG_LIVE_SECONDS``).
        host: The address of this machine that is listened at (``LTKG_HOST``). Where others can reach it, releases with
            reviews that were not published are refused.
        open_releases: How many releases are kept open (``LTKG_OPEN_RELEASES``).
        cache_megabytes: How much memory rendered answers may take (``LTKG_CACHE_MEGABYTES``).
        log: Whether a line of JSON is written to standard error for each request (``LTKG_LOG``).
        query_seconds: How long a page or a document of a named query may take (``LTKG_QUERY_SECONDS``).
        stream_seconds: How long a whole answer may take that is sent as CSV while it is worked out
            (``LTKG_STREAM_SECONDS``).
        uploads: Whether others than this machine may upload reviews to be checked (``LTKG_UPLOADS``).
        check_seconds: How long one check may take (``LTKG_CHECK_SECONDS``).
        check_megabytes: How much memory one check may use (``LTKG_CHECK_MEGABYTES``).
        checks_at_once: How many checks may run at the same time (``LTKG_CHECKS_AT_ONCE``).
        sparql: Whether ``/sparql`` answers (``LTKG_SPARQL``).
        sparql_whole_server: Whether ``/sparql`` answers over a live library, too: it shows all that the library's
            server holds (``LTKG_SPARQL_WHOLE_SERVER``).
        sparql_seconds: How long one query may take (``LTKG_SPARQL_SECONDS``).
        sparql_megabytes: How much memory one query may use (``LTKG_SPARQL_MEGABYTES``).
        sparql_at_once: How many queries may be evaluated at the same time (``LTKG_SPARQL_AT_ONCE``).
        sparql_rows: How many solutions or triples one answer may hold (``LTKG_SPARQL_ROWS``).
        sparql_answer_megabytes: How large one answer may be (``LTKG_SPARQL_ANSWER_MEGABYTES``).
        cors: The sites whose pages may ask ``/sparql`` from a browser (``LTKG_CORS``): origins with spaces between
            them such as ``https://yasgui.triply.cc``, or ``*`` for all; by default none.
    """

    model_config = SettingsConfigDict(env_prefix="LTKG_", env_ignore_empty=True)

    library: str | Path = Path("library")
    release: str | None = None
    host: str = "127.0.0.1"
    live_seconds: float = Field(default=1, ge=0)
    open_releases: int = Field(default=4, ge=1)
    cache_megabytes: int = Field(default=64, ge=0)
    log: bool = True
    query_seconds: int = Field(default=20, ge=1)
    stream_seconds: int = Field(default=300, ge=1)
    uploads: bool = False
    check_seconds: int = Field(default=20, ge=1)
    check_megabytes: int = Field(default=512, ge=1)
    checks_at_once: int = Field(default=2, ge=1)
    sparql: bool = False
    sparql_whole_server: bool = False
    sparql_seconds: int = Field(default=20, ge=1)
    sparql_megabytes: int = Field(default=1024, ge=1)
    sparql_at_once: int = Field(default=2, ge=1)
    sparql_rows: int = Field(default=100_000, ge=1)
    sparql_answer_megabytes: int = Field(default=32, ge=1)
    cors: str = ""

    @property
    def offers_sparql(self) -> bool:
        """Whether ``/sparql`` answers: of a live library only where all of its server may be shown."""
        return self.sparql and (self.sparql_whole_server or not is_address(str(self.library)))
