"""A project: what a user owns and edits (dbt project, own contracts, reference lists), apart from the installed package."""
