"""The web face: FastAPI over one open release, read-only."""
