"""What everything else stands on: errors, files, lengths, settings, resources."""
