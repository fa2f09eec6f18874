"""The Frechet distance at 2048 dimensions against scipy.linalg.sqrtm: ratio of times and relative difference.

    python benchmarks/frechet.py [--dims 2048] [--rounds 3] [--threads 1]

Both get the same float64 statistics of 2.5 samples per dimension; the runs are interleaved and medians compared, so that a
busy machine slows both alike.  The last row has fewer samples than dimensions: the covariances are singular, and there the
usual way loses half of its digits.
"""

from __future__ import annotations

import argparse
import time
import warnings
from collections.abc import Callable
from statistics import median

import numpy as np
import torch


def features(n: int, dims: int, seed: int, shift: float) -> torch.Tensor:
    """Gaussian features whose standard deviations fall as a power law from 1 to 0.02, as those of a network do."""
    source = torch.Generator().manual_seed(seed)
    mixing = torch.randn(dims, dims, generator=source, dtype=torch.float64) / dims**0.5
    scale = torch.logspace(0, -1.7, dims, dtype=torch.float64)
    return torch.randn(n, dims, generator=source, dtype=torch.float64) * scale @ mixing + shift


def by_sqrtm(mu1: torch.Tensor, sigma1: torch.Tensor, mu2: torch.Tensor, sigma2: torch.Tensor) -> float:
    """The usual way: the trace of scipy's matrix square root."""
    from scipy.linalg import sqrtm

    root = np.trace(sqrtm(sigma1.numpy() @ sigma2.numpy())).real
    return float((mu1 - mu2).square().sum() + sigma1.trace() + sigma2.trace() - 2 * root)


def compare(name: str, ours: Callable[[], float], theirs: Callable[[], float], rounds: int) -> None:
    """Time both in turn and print one row."""
    seconds: dict[str, list[float]] = {"ours": [], "theirs": []}
    values = {}
    for _ in range(rounds):
        for who, call in (("ours", ours), ("theirs", theirs)):
            start = time.perf_counter()
            values[who] = call()
            seconds[who].append(time.perf_counter() - start)
    ours_s, theirs_s = median(seconds["ours"]), median(seconds["theirs"])
    difference = abs(values["ours"] - values["theirs"]) / values["theirs"]
    speed = f"{theirs_s / ours_s:5.1f} times faster ({ours_s:.2f} s against {theirs_s:.2f} s)"
    print(f"{name:42s} {speed}, relative difference {difference:.1e}", flush=True)


def main() -> None:
    from gancourse.metrics import FewSamplesWarning, frechet_distance, frechet_from_statistics, statistics

    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--dims", type=int, default=2048)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--threads", type=int, default=1)
    options = parser.parse_args()
    from threadpoolctl import threadpool_limits

    torch.set_num_threads(options.threads)
    warnings.simplefilter("ignore", FewSamplesWarning)
    dims, many, few = options.dims, 5 * options.dims // 2, options.dims // 2
    a, b = features(many, dims, 0, 0.0), features(many, dims, 1, 0.01)
    stats = (*statistics(a), *statistics(b))
    short = (*statistics(a[:few]), *statistics(b[:few]))
    with threadpool_limits(options.threads):
        print(f"{dims} dimensions, {options.threads} thread(s), medians of {options.rounds} interleaved runs, float64")
        compare("from statistics", lambda: frechet_from_statistics(*stats), lambda: by_sqrtm(*stats), options.rounds)
        compare(
            f"from {many} features, covariances included",
            lambda: frechet_distance(a, b),
            lambda: by_sqrtm(*statistics(a), *statistics(b)),
            options.rounds,
        )
        compare(
            f"from {few} features (singular)",
            lambda: frechet_distance(a[:few], b[:few]),
            lambda: by_sqrtm(*short),
            options.rounds,
        )


if __name__ == "__main__":
    main()
