"""What a newer version of the typology does to a library: what it touches, and recoding by named persons."""
