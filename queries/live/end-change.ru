# Ends a change of a live library: from here on it is at the state whose number was put there when the change began.
PREFIX lt: <https://w3id.org/learntogether/ontology#>
DELETE { GRAPH <https://w3id.org/learntogether/id/catalogue> { ?catalogue lt:stateNumber ?old } }
WHERE {
  GRAPH <https://w3id.org/learntogether/id/catalogue> { ?catalogue lt:stateNumber ?old , ?now }
  FILTER (?old < ?now)
}
