"""Rows of people who asked to be forgotten: found by keyed hashes, and cut out of a file before its original is kept."""
