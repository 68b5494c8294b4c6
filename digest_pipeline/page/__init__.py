"""Behind station 4: the parts of a page."""
