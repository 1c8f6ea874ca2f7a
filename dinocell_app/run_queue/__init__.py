"""Queued runs, done one after the other by a process of their own."""
