"""Rows for the tests of the ledger: each function has defaults, of which a test changes what it is about."""

from __future__ import annotations

import json
import math
from functools import partial

from gancourse.classroom import claims
from gancourse.classroom.claims import at_least, between, nulls, within
from gancourse.classroom.claims.rows import bundle


def made(function, defaults, id="C03", statement="the value is -2 log 2", **changes):
    return function(id, statement, **(defaults | changes))


identity = partial(made, claims.identity, {"expected": -2 * math.log(2), "ours": -1.386, "tolerance": within(0.01)})
check = partial(made, claims.check, {"ours": 1.0, "tolerance": at_least(0.9)})
question = partial(made, claims.question, {"ours": 0.5})
MODES = [17.0, 18.0, 19.0, 18.0, 18.0]
claim = partial(
    made,
    claims.claim,
    {"source": "Lin et al. 2018", "paper": 17.3, "ours": MODES, "over": "trainings", "tolerance": between(15, 20)}
    | {"baselines": nulls(noise=4.1)},
)


def notebook_with(path, *rows):
    outputs = [{"output_type": "display_data", "data": bundle(row), "metadata": {}} for row in rows]
    cells = [{"cell_type": "markdown", "source": "text"}, {"cell_type": "code", "source": "", "outputs": outputs}]
    path.write_text(json.dumps({"cells": cells, "nbformat": 4, "nbformat_minor": 5, "metadata": {}}))
