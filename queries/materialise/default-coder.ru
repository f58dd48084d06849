# Which coding a figure rests on unless another is asked for: an agreed coding before a person's before what was
# published before a machine's; among equals the one that covers most reviews, then the first by code.
PREFIX lt: <https://w3id.org/learntogether/ontology#>
PREFIX cl: <https://w3id.org/learntogether/codelists#>
DELETE { GRAPH <https://w3id.org/learntogether/id/catalogue> { ?catalogue lt:defaultCoder ?old } }
INSERT { GRAPH <https://w3id.org/learntogether/id/catalogue> { <https://w3id.org/learntogether/id/catalogue> a lt:Catalogue ; lt:defaultCoder ?coder } }
WHERE {
  OPTIONAL { GRAPH <https://w3id.org/learntogether/id/catalogue> { ?catalogue lt:defaultCoder ?old } }
  OPTIONAL {
    SELECT ?coder
    WHERE {
      VALUES (?kind ?rank) { (cl:agreed 1) (cl:human 2) (cl:as-published 3) (cl:machine 4) }
      GRAPH ?review { ?scope a lt:CodingScope ; lt:codedBy ?coder ; lt:inReview ?review . ?coder lt:coderKind ?kind ; lt:coderCode ?code }
    }
    GROUP BY ?coder
    ORDER BY MIN(?rank) DESC(COUNT(DISTINCT ?review)) MIN(?code)
    LIMIT 1
  }
}
