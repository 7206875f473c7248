"""P-8: memory of a web worker under load: at start, and every ten seconds; an hour by `--minutes 60`."""

import argparse
import time

from bench.installation import installation, resident_megabytes
from bench.load import drive
from bench.people import resolve_maker
from bench.receipts import receipt_maker, seed

EVERY = 10.0


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--minutes", type=float, default=1.5, help="how long (1.5)")
    parser.add_argument("--shops", type=int, default=20, help="shops (20)")
    asked = parser.parse_args()
    with installation() as made:
        shops = seed(made, shops=asked.shops, customers=400)
        receipts, look_ups = receipt_maker(shops, 400), resolve_maker([shop.key for shop in shops], 400)

        def make(number: int) -> bytes:
            return receipts(number) if number % 4 else look_ups(number)

        pids = made.web_pids()
        print(f"\nP-8: memory of {len(pids)} web workers in MB (target 150 each, flat; at start 100)")
        print(f"  at start    {_memory(pids)}")
        until, answers = time.monotonic() + asked.minutes * 60, 0
        while time.monotonic() < until:
            answers += len(drive(made.settings.port, make, clients=16, seconds=EVERY).latencies)
            print(f"  {answers:>9} calls {_memory(made.web_pids())}", flush=True)


def _memory(pids: list[int]) -> str:
    return "  ".join(f"{resident_megabytes(pid):6.1f}" for pid in sorted(pids))


if __name__ == "__main__":
    main()
