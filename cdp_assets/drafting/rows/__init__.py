"""Which rows of a sample are sales, which give money back, and which are neither."""
