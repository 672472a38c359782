"""Where a file is parsed: here, in batches, or in a child process with limits."""
