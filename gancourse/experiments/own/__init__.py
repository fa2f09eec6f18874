"""Training on your own pictures: settings, games, and a folder that shows how far the training is.

plans      the settings of each family by size, number of pictures and machine
sources    the pictures of a folder as batches
games      the players of a plan, and the game they play
place      the folder of a run: what it was begun with, and what it may go on with
follow     what a run writes while it is at work
page       the page that shows it
training   all of it together
"""
