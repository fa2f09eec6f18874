"""The homework: instant checks for students, student versions for teachers, and the grading of a whole class.

- :mod:`gancourse.classroom.homework.checks`: the vocabulary of the checks (expected, came, the likely slip; points for parts).
- ``hw1`` ... ``hw8``: the checks of each assignment, one function for each part.
- :mod:`gancourse.classroom.homework.build`: from ``solutions/source/hwN_*.py`` to the notebook with answers and the one without.
- :mod:`gancourse.classroom.homework.grading`: grades a folder of submissions, each in a confined process of its own.
"""
