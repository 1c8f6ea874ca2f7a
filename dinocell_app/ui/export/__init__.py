"""Writing results where people want them, and taking label images made elsewhere into the project."""
