"""A knowledge graph and pattern library across reviews of multi-agency work to safeguard children."""

__version__ = "0.1.0"
