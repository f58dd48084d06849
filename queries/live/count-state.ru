# Counts the state of a live library up by one, in the same update that changes what it holds. In two steps, since not
# every server does one with an OPTIONAL for the number that is not there the first time.
PREFIX lt: <https://w3id.org/learntogether/ontology#>
INSERT { GRAPH <https://w3id.org/learntogether/id/catalogue> { <https://w3id.org/learntogether/id/catalogue> lt:stateNumber ?now } }
WHERE {
  SELECT (COALESCE(MAX(?before), 0) + 1 AS ?now)
  WHERE { GRAPH <https://w3id.org/learntogether/id/catalogue> { ?catalogue lt:stateNumber ?before } }
} ;
DELETE { GRAPH <https://w3id.org/learntogether/id/catalogue> { ?catalogue lt:stateNumber ?old } }
WHERE {
  GRAPH <https://w3id.org/learntogether/id/catalogue> { ?catalogue lt:stateNumber ?old , ?now }
  FILTER (?old < ?now)
}
