"""Agreement between coders: codings of the same items, compared."""
