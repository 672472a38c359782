"""What Dagster shows, in flow order; each module adapts one room and holds none of its logic."""
