# Makes a live library forget the extensions that it keeps; those that it is to keep are put there in the same change.
PREFIX lt: <https://w3id.org/learntogether/ontology#>
DELETE { GRAPH <https://w3id.org/learntogether/id/catalogue> { ?catalogue lt:extensionText ?text } }
WHERE { GRAPH <https://w3id.org/learntogether/id/catalogue> { ?catalogue lt:extensionText ?text } }
