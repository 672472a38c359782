"""How right identity is: figures of a run, and evaluation against a known truth."""
