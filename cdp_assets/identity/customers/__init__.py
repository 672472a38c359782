"""From scored pairs to customers: clusters, lasting ids, households, and the commit to state."""
