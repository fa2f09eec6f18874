"""The grading of a class: who handed in what, a confined process for each, and the table and pages that come out.

- ``assignment``: the graded cells of the source, the cells of a notebook, and what to run in which order.
- ``submissions``: what lies in a folder, one row for each entry.
- ``sandbox``, ``kernel``, ``bubblewrap``, ``probe``: what a submission's process may do.
- ``child`` and ``zygote``: what runs inside; they hold one notebook's cells, one after the other.
- ``messages``: what a child may answer, read like a stranger's message.
- ``process``: such a process, seen from outside.
- ``report``: grades.csv, index.html and the students' pages, written as results come.
- ``grade``: ``gancourse grade``.
"""
