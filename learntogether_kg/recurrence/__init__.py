"""Recurrence: in how many reviews patterns stand, by what, and with what; counted over the coding table."""
