"""Self-distillation as in DINOv2: losses, centering, masks, heads and schedules, each by itself."""
