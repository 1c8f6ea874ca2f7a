"""Whole jobs: read, predict, measure, write. Generators of events, without thread or progress bar."""
