"""Behind stations 1 and 2: remotes, packs, history, changes of files."""
