"""The first page: new project, open, recent ones, sample project."""
