"""What a record says of its person, in comparable form, and which of it does not count."""
