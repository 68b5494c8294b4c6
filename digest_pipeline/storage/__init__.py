"""Behind the store: the tables, their rows, the files they live in."""
