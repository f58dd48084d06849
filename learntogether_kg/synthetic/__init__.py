"""Synthetic reviews of every record type, for trying out sizes and for testing what counts find."""
