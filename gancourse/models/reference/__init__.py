"""Weights of published implementations, a module for each family of networks: their key names turned into ours.

``load_reference(network, state)`` fills a network; ``configuration(state)``, where there is one, tells how to build it.
"""
