"""Tests of what leaves the house without showing anybody."""
