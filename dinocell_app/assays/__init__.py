"""Assays: settings, model and limits in one file, for many runs; their reports and watched folders."""
