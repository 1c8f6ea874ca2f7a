"""Settings of the application, versioned; read by the window and the shell only."""
