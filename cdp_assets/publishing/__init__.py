"""Publishing: the run's own manifest, the gates that judge it, and the generations that readers open."""
