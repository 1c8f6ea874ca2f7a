"""Teaching a model in the window: a wizard over plain state, beside processes that do the work."""
