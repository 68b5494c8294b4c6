"""Behind station 3 by rules: what a diff holds, how it is judged and said."""
