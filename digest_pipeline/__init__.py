"""A daily digest of git repositories: clones → commits → analyses → reports.

Each station reads what the one before wrote; nothing flows back, and any station can be run again
for any day alone. The word of a station is its module, its asset, its table or folder, and its test.
"""
