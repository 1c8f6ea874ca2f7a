"""What this computer can do, looked at from the window."""
