"""Projects: images, results and runs in one folder that a person can move, copy and reopen."""
