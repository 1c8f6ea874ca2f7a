"""Networks, what they are taught to predict, and the folders they live in."""
