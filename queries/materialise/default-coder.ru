# Which coding a figure rests on unless another is asked for: an agreed coding before a person's before what was
# published before a machine's; among equals the one that covers most reviews, then the first by code.
PREFIX lt: <https://w3id.org/learntogether/ontology#>
PREFIX cl: <https://w3id.org/learntogether/codelists#>
DELETE { GRAPH <https://w3id.org/learntogether/id/catalogue> { ?catalogue lt:defaultCoder ?old } }
WHERE { GRAPH <https://w3id.org/learntogether/id/catalogue> { ?catalogue lt:defaultCoder ?old } } ;
INSERT DATA { GRAPH <https://w3id.org/learntogether/id/catalogue> { <https://w3id.org/learntogether/id/catalogue> a lt:Catalogue } } ;
INSERT { GRAPH <https://w3id.org/learntogether/id/catalogue> { <https://w3id.org/learntogether/id/catalogue> lt:defaultCoder ?coder } }
WHERE {
  SELECT ?coder
  WHERE {
    VALUES (?kind ?rank) { (cl:agreed 1) (cl:human 2) (cl:as-published 3) (cl:machine 4) }
    GRAPH ?review { ?scope a lt:CodingScope ; lt:codedBy ?coder ; lt:inReview ?review . ?coder lt:coderKind ?kind ; lt:coderCode ?code }
  }
  GROUP BY ?coder
  ORDER BY ASC(MIN(?rank)) DESC(COUNT(DISTINCT ?review)) ASC(MIN(?code))
  LIMIT 1
}
