# Every pattern or code with all that stand above it, at any distance, so that a query needs no path to go up the typology.
# It stands in the ontology's graph and is replaced with that; its cost does not grow with the number of reviews.
PREFIX skos: <http://www.w3.org/2004/02/skos/core#>
INSERT { GRAPH <https://w3id.org/learntogether/ontology> { ?concept skos:broaderTransitive ?above } }
WHERE { GRAPH <https://w3id.org/learntogether/ontology> { ?concept skos:broader+ ?above } }
