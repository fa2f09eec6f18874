"""What everything stands on: checked arguments, files, states of training, progress, networks, latents, features' marks."""
