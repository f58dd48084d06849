"""A practice set: synthetic statements to code, with an agreed coding and the reason for each of its codes."""
