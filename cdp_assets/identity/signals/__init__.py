"""Privacy signals that a browser or a consent platform sends along: what each of them refuses, decoded from its text."""
