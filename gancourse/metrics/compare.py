"""Two sets of pictures compared by all of the course's measures at once, with what must be said beside the numbers."""

from __future__ import annotations

import warnings
from dataclasses import dataclass

from torch import Tensor

from gancourse.base.features import extractor_of
from gancourse.metrics.bias import frechet_bias
from gancourse.metrics.frechet import FewSamplesWarning, frechet_distance, real_against_real
from gancourse.metrics.kernel import kernel_distance
from gancourse.metrics.neighbourhoods import precision_recall

ENOUGH = 10  # samples for each dimension, from where the first-order bias of the Frechet distance is good to some per cent


@dataclass(frozen=True)
class Comparison:
    """The measures of generated against real features, and how far they can be trusted.

    floor  the Frechet distance of two halves of the real set
    bias   the Frechet distance to be expected of n and m samples of one distribution, to first order
    """

    frechet: float
    kernel: float
    precision: float
    recall: float
    floor: float
    bias: float
    n: int
    m: int
    dims: int
    extractor: str

    @property
    def few(self) -> bool:
        """Whether the Frechet distance is mostly bias at these numbers, or its bias is not known well."""
        return min(self.n, self.m) < ENOUGH * self.dims

    def __str__(self) -> str:
        lines = [
            f"features           {self.extractor} ({self.dims} dimensions)",
            f"pictures           {self.n:,} and {self.m:,}",
            f"Frechet distance   {self.frechet:.4g} (half of the second against its other half: {self.floor:.4g})",
            f"kernel distance    {self.kernel:.4g}",
            f"precision          {self.precision:.3f} of the first lie among the second",
            f"recall             {self.recall:.3f} of the second lie among the first",
        ]
        if self.few:
            lines.append(
                f"few pictures: {self.dims} dimensions ask for {ENOUGH * self.dims:,} of each; two sets of these sizes from one "
                f"source would be about {self.bias:.3g} apart or more in the Frechet distance; the kernel distance has no bias"
            )
        return "\n".join(lines)


def compare(fake: Tensor, real: Tensor) -> Comparison:
    """The measures of features [N, D] of one extractor against those [M, D] of another set.

    The Frechet distance squared (:mod:`.frechet`), the kernel distance of degree 3 (:mod:`.kernel`), precision and recall with
    k = 3 (:mod:`.neighbourhoods`).  Raises ValueError for fewer than 4 samples in either set, and what these raise.
    """
    if min(len(fake), len(real)) < 4:
        raise ValueError(f"a comparison needs 4 pictures or more in each set, not {len(fake)} and {len(real)}")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", FewSamplesWarning)  # said in the words of the result
        distance = frechet_distance(fake, real)
        floor = real_against_real(real)
    found = precision_recall(real, fake)
    return Comparison(
        frechet=distance,
        kernel=kernel_distance(fake, real),
        precision=found.precision,
        recall=found.recall,
        floor=floor,
        bias=frechet_bias(real, len(fake), len(real)),
        n=len(fake),
        m=len(real),
        dims=real.shape[1],
        extractor=extractor_of(real) or "unnamed features",
    )
