"""Activation: audiences that reach people with their consent, as files and a ledger; no network call of ours."""
