"""Which amounts of a sample are one piece's, the line's or the order's, and which discounts come off: by the sample's own arithmetic.

Headers say little ("amount", "total", "discount") and often the wrong thing; the sample's sums say which reading holds.
"""
