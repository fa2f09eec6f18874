"""What the commands of ``gancourse`` do, by subject; :mod:`gancourse.classroom.cli` holds their grammar.

Nothing heavy is imported before a command runs.
"""
