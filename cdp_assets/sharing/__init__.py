"""What leaves the house without showing anybody: noised cohort tables for partners, and private set intersection by files."""
