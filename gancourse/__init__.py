"""gancourse: the tested building blocks of a verified course on generative adversarial networks."""

__version__ = "0.2.0"
