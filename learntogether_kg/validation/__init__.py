"""A review graph in, a ValidationReport out. The only importer of the SHACL engines."""
