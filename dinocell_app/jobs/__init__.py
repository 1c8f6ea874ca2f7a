"""What to do and what happened: kinds of jobs, their files and settings, events, messages, run folders."""
