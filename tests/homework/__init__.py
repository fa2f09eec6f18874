"""Planted answers: wrong ones that the homework's checks must catch, and right ones that they must let pass."""
