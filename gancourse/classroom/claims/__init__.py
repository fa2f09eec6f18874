r"""The claims ledger: what is claimed, what we measured, and a verdict by a tolerance fixed beforehand.

Rows are of four kinds, each made by a function:

``identity``  an equation, exact at every scale: it holds or fails.
``check``     an instrument of ours does what it should: passed or failed.
``claim``     a source says so: reproduced, contradicted or open, by the 95 % interval over independent trainings, beside what
              nulls (noise, an untrained network) score on the same measure.
``question``  ours: a number with its interval, no verdict.

>>> identity("C03", "At p_g = p_data the value of the game is -2 log 2", expected=-1.3863, ours=value, tolerance=within(1e-4))
>>> claim("C08.grid", "Modes of 25 that a GAN captures", source="Lin et al. 2018, table 1", paper=17.3, ours=modes,
...       over="trainings", tolerance=between(15, 20), baselines=nulls(noise=4.1, untrained=1) | ceilings(truth=25))

At ci scale, where networks are hardly trained, rows that are not exact are *too small to judge*.  Each row is shown as HTML
with a plain-text twin and carries its record as JSON in the notebook's output, from which CLAIMS.md is written.
What is shown is rounded to fixed digits; in exact rows numbers far below the tolerance are shown as such, so that rows do not
depend on the machine.
"""

from __future__ import annotations

from gancourse.classroom.claims.baselines import Baselines, ceilings, no_null, nulls
from gancourse.classroom.claims.intervals import interval_of
from gancourse.classroom.claims.kinds import check, claim, identity, question
from gancourse.classroom.claims.page import TALLIED, ledger_markdown, tally, with_tally
from gancourse.classroom.claims.rows import CHECK, GOOD, IDENTITY, KINDS, MIME, OPEN, PAPER, QUESTION, TOO_SMALL, VERDICTS, Row
from gancourse.classroom.claims.session import (
    clear,
    example,
    ledger,
    rows_from_notebook,
    rows_of,
    summary,
    summary_text,
)
from gancourse.classroom.claims.tolerance import Tolerance, at_least, at_most, between, within, within_factor, within_relative

__all__ = [
    "CHECK",
    "GOOD",
    "IDENTITY",
    "KINDS",
    "MIME",
    "OPEN",
    "PAPER",
    "QUESTION",
    "TALLIED",
    "TOO_SMALL",
    "VERDICTS",
    "Baselines",
    "Row",
    "Tolerance",
    "at_least",
    "at_most",
    "between",
    "ceilings",
    "check",
    "claim",
    "clear",
    "example",
    "identity",
    "interval_of",
    "ledger",
    "ledger_markdown",
    "no_null",
    "nulls",
    "question",
    "rows_from_notebook",
    "rows_of",
    "summary",
    "summary_text",
    "tally",
    "with_tally",
    "within",
    "within_factor",
    "within_relative",
]
