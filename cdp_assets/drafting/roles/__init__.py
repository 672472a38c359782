"""What each column of a sample means: by its header, its values, the table around it and whom it is about."""
