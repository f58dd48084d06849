"""What the server is told by its environment."""

from __future__ import annotations

from pathlib import Path

from pydantic_settings import BaseSettings, SettingsConfigDict


class Settings(BaseSettings):
    """Which release of which library is served.

    Attributes:
        library: The library's folder (``LTKG_LIBRARY``).
        release: The name of the release (``LTKG_RELEASE``); by default the newest.
    """

    model_config = SettingsConfigDict(env_prefix="LTKG_", env_ignore_empty=True)

    library: Path = Path("library")
    release: str | None = None
