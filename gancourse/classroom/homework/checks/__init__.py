"""The vocabulary of the homework's checks: what was expected, what came, and the likely slip.

An assignment is a module with one function for each part:

>>> @part(points=2)
... def losses(sheet, generator_loss):
...     with sheet.item("the loss is log 2 where D cannot tell", points=1):
...         close(generator_loss(torch.zeros(4)), math.log(2), slips=_LOSS.at(torch.zeros(4)))
...     with sheet.item("it is a scalar", points=1):
...         scalar(generator_loss(torch.zeros(4)))

Called in a notebook as ``hw1.losses(generator_loss)`` it prints one line for each item and returns a :class:`Score`, a number
that nbgrader reads as partial credit.  An item that fails, for whatever reason, costs its own points and no others.

Checks compare with closed forms, finite differences and other ways to the same number, at random inputs that depend on
``seed``: the graded cells ask again with a seed that the student has not seen.

A slip is a wrong answer that is known beforehand: a function with the answer's own signature, and what is said of it.  The slips
of an answer stand in one table of the module; the check computes what each of them makes of its inputs and compares, and the
tests plant every one of them as a student's answer.

>>> _LOSS = Slips("generator_loss") | {"this is the sum, take the mean": summed(_loss), "a sign": times(-1, _loss)}
>>> compare(generator_loss, _loss, (logits,), _LOSS)

``sheets`` holds parts, items and reports, ``values`` the comparisons, ``calls`` what is asked of slopes, side effects and
devices, ``likeness`` which slip an answer is, so that one slip costs its points once, ``players`` networks that take notes; the
tables are those of :mod:`gancourse.classroom.slips`, and lectures ask there, too.  The guard watches all of them; the names here
are those that notebooks and the grader use.
"""

from __future__ import annotations

import pkgutil

from gancourse.classroom import slips
from gancourse.classroom.homework import unwritten
from gancourse.classroom.homework.checks.players import Tape
from gancourse.classroom.homework.checks.sheets import Item, Report, Score, Sheet, TimeUp, Wrong, part, parts, seal, total
from gancourse.classroom.homework.checks.values import close, equal, finite, true
from gancourse.classroom.slips import Slips

__all__ = [
    "Item",
    "Report",
    "Score",
    "Sheet",
    "Slips",
    "Tape",
    "TimeUp",
    "Wrong",
    "close",
    "equal",
    "finite",
    "part",
    "parts",
    "seal",
    "total",
    "true",
]

seal(__name__, *(found.name for found in pkgutil.iter_modules(__path__, f"{__name__}.")), slips.__name__, "gancourse.base.cells")
unwritten.say_kindly()
