"""What the window and the engine process tell each other, one JSON object a line."""
