"""From rows of text to typed values, and the fate of each row."""
