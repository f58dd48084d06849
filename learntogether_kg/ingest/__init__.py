"""A file in; a review graph and a SourceMap out."""
