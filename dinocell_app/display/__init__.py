"""Images and labels made ready for a screen: pyramids, channels, colours."""
