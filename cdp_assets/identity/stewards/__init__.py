"""What people decide about identity, and what they are shown for it."""
