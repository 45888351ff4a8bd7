"""How results are shown: percentiles, medians of repeated runs, lines that can be read."""

import statistics
import sys
from collections.abc import Sequence


def say(line: str) -> None:
    """One line of a result, shown as soon as it is known."""
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


def percentile(values: Sequence[float], share: float) -> float:
    """The value that `share` of all values do not exceed (nearest rank)."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))]


def milliseconds(values: Sequence[float]) -> str:
    """p50, p90, p99 and the largest of times in seconds."""
    names = (("p50", 0.5), ("p90", 0.9), ("p99", 0.99))
    parts = [f"{name} {percentile(values, share) * 1000:.0f} ms" for name, share in names]
    return ", ".join([*parts, f"max {max(values) * 1000:.0f} ms"])


def ratios(ours: Sequence[float], theirs: Sequence[float]) -> str:
    """Ours over theirs: the median of the pairs, and the range."""
    each = [one / other for one, other in zip(ours, theirs, strict=True)]
    return f"{statistics.median(each):.3f} ({min(each):.3f}–{max(each):.3f})"
