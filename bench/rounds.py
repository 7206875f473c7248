"""Paired rounds: the limit and ours by turns in one run, medians, so that a noisy machine troubles both."""

import argparse
import statistics
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from bench.load import Figures

Round = Callable[[float], Figures]
Meter = Callable[[], Mapping[str, float]]


@dataclass(frozen=True, slots=True)
class Pair:
    """The rounds of the limit and of ours."""

    limit: Sequence[Figures]
    ours: Sequence[Figures]

    @property
    def ratio(self) -> float:
        """Our median throughput as a part of the limit's."""
        return median_rate(self.ours) / median_rate(self.limit)


def options(about: str, **more: tuple[object, str]) -> argparse.Namespace:
    """Read the command line: rounds and seconds, and what `more` names with default and help."""
    parser = argparse.ArgumentParser(description=about)
    parser.add_argument("--rounds", type=int, default=3, help="paired rounds (3)")
    parser.add_argument("--seconds", type=float, default=8.0, help="length of each half of a round (8)")
    for name, (default, words) in more.items():
        flag = f"--{name.replace('_', '-')}"
        if isinstance(default, bool):
            parser.add_argument(flag, action="store_true", help=words)
        else:
            parser.add_argument(flag, type=type(default), default=default, help=f"{words} ({default})")
    return parser.parse_args()


def metered(run: Round, meter: Meter) -> Round:
    """Let a round also note the processor time it took."""

    def noted(seconds: float) -> Figures:
        before = meter()
        figures = run(seconds)
        figures.cpu = {name: spent - before[name] for name, spent in meter().items()}
        return figures

    return noted


def paired(limit: Round, ours: Round, *, rounds: int, seconds: float) -> Pair:
    """Warm both up, then run them by turns."""
    limit(2.0)
    ours(3.0)
    sides: tuple[list[Figures], list[Figures]] = ([], [])
    for number in range(rounds):
        halves = [(limit, sides[0]), (ours, sides[1])]
        for run, kept in halves if number % 2 == 0 else reversed(halves):
            kept.append(run(seconds))
    return Pair(*sides)


def median_rate(figures: Sequence[Figures]) -> float:
    """Return the median throughput of rounds, per second."""
    return statistics.median(each.per_second for each in figures)


def median_of(figures: Sequence[Figures], share: float) -> float:
    """Return the median over rounds of the quantile `share`, in milliseconds."""
    return statistics.median(each.quantile(share) for each in figures)


def show(name: str, figures: Sequence[Figures]) -> None:
    """Print one side."""
    told = {status: sum(each.statuses[status] for each in figures) for each in figures for status in each.statuses}
    words = "" if not told else f"   answers {told}"
    print(
        f"  {name:<28} {median_rate(figures):9.0f} /s   p50 {median_of(figures, 0.5):7.2f} ms"
        f"   p99 {median_of(figures, 0.99):7.2f} ms{words}"
    )
    spent = {name: sum(each.cpu.get(name, 0.0) for each in figures) for name in (figures[0].cpu if figures else ())}
    answers = max(1, sum(len(each.latencies) for each in figures))
    if spent:
        parts = ", ".join(f"{name} {1000 * seconds / answers:.2f} ms" for name, seconds in spent.items() if seconds)
        print(f"  {'':<28} processor time of each: {parts}")


def show_pair(title: str, pair: Pair, *, limit: str, ours: str, now: float, proud: float) -> None:
    """Print both sides, the ratio and what it is held to."""
    print(f"\n{title}")
    show(limit, pair.limit)
    show(ours, pair.ours)
    rates = ", ".join(f"{o.per_second / b.per_second:.2f}" for b, o in zip(pair.limit, pair.ours, strict=True))
    p99 = median_of(pair.ours, 0.99) / max(median_of(pair.limit, 0.99), 1e-9)
    print(f"  ratio {pair.ratio:.2f} (rounds {rates}; target {now}, proud of {proud}); p99 {p99:.1f} times the limit's")
