"""Which pairs of nodes are compared, and what Splink makes of them under a frozen model."""
