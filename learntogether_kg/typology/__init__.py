"""The typology: its versions, what differs between two of them, and what may become part of it."""
