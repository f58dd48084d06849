# Begins a change of a live library: the number of the state that it makes stands in the catalogue beside that of the
# state before. As long as there are two, the library is being changed. A server that does a request as a whole shows
# that to nobody; one that does it step by step shows it before anything else changes.
PREFIX lt: <https://w3id.org/learntogether/ontology#>
INSERT { GRAPH <https://w3id.org/learntogether/id/catalogue> { <https://w3id.org/learntogether/id/catalogue> lt:stateNumber ?now } }
WHERE {
  SELECT (COALESCE(MAX(?before), 0) + 1 AS ?now)
  WHERE { GRAPH <https://w3id.org/learntogether/id/catalogue> { ?catalogue lt:stateNumber ?before } }
}
