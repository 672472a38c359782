"""From a delivered file to rows of text, per format, with a count by other code."""
