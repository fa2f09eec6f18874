"""Who plays whom: a class for each family of games, with a discriminator's and a generator's loss."""
