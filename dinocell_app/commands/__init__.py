"""Commands of the shell, one a module: each adds its arguments and runs with what was given."""
