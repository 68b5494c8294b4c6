"""Behind station 3 with a model: what is asked, how often, what it costs, what of the answer stands."""
