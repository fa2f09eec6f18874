"""Weights of published implementations: their key names turned into ours."""
