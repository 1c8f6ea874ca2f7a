"""What this machine and installation can do, each finding with a remedy where one is needed."""
