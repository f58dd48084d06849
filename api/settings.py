"""What the server is told by its environment."""

from __future__ import annotations

from pathlib import Path

from pydantic import Field
from pydantic_settings import BaseSettings, SettingsConfigDict


class Settings(BaseSettings):
    """Which release of which library is served.

    Attributes:
        library: The library's folder (``LTKG_LIBRARY``).
        release: The name of the release (``LTKG_RELEASE``); by default the newest.
        host: The address of this machine that is listened at (``LTKG_HOST``). Where others can reach it, releases with
            reviews that were not published are refused.
        open_releases: How many releases are kept open (``LTKG_OPEN_RELEASES``).
        cache_megabytes: How much memory rendered answers may take (``LTKG_CACHE_MEGABYTES``).
        log: Whether a line of JSON is written to standard error for each request (``LTKG_LOG``).
        uploads: Whether others than this machine may upload reviews to be checked (``LTKG_UPLOADS``).
        check_seconds: How long one check may take (``LTKG_CHECK_SECONDS``).
        check_megabytes: How much memory one check may use (``LTKG_CHECK_MEGABYTES``).
        checks_at_once: How many checks may run at the same time (``LTKG_CHECKS_AT_ONCE``).
    """

    model_config = SettingsConfigDict(env_prefix="LTKG_", env_ignore_empty=True)

    library: Path = Path("library")
    release: str | None = None
    host: str = "127.0.0.1"
    open_releases: int = Field(default=4, ge=1)
    cache_megabytes: int = Field(default=64, ge=0)
    log: bool = True
    uploads: bool = False
    check_seconds: int = Field(default=20, ge=1)
    check_megabytes: int = Field(default=512, ge=1)
    checks_at_once: int = Field(default=2, ge=1)
