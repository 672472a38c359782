"""One module per page: which parts it has, and what stands in them. Queries, words and drawing are elsewhere."""
