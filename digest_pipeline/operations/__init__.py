"""Around the assets: the instance, runs from the command line, what `digest` does besides."""
