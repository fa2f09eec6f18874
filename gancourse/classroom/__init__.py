"""What teachers and students touch: claims, notebooks, homework, widgets, the command line."""
