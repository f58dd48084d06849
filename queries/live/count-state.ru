# Counts the state of a live library up by one, in the same update that changes what it holds.
PREFIX lt: <https://w3id.org/learntogether/ontology#>
DELETE { GRAPH <https://w3id.org/learntogether/id/catalogue> { <https://w3id.org/learntogether/id/catalogue> lt:stateNumber ?before } }
INSERT { GRAPH <https://w3id.org/learntogether/id/catalogue> { <https://w3id.org/learntogether/id/catalogue> a lt:Catalogue ; lt:stateNumber ?now } }
WHERE {
  OPTIONAL { GRAPH <https://w3id.org/learntogether/id/catalogue> { <https://w3id.org/learntogether/id/catalogue> lt:stateNumber ?before } }
  BIND (COALESCE(?before, 0) + 1 AS ?now)
}
