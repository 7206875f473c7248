"""P-2: receipts by batches of 100, against the same receipts one by one (P-1)."""

from collections.abc import Sequence

from bench.installation import installation
from bench.load import Figures, drive
from bench.receipts import batch_maker, receipt_maker, seed
from bench.rounds import median_rate, metered, options, paired, show

SIZE = 100


def main() -> None:
    """Measure and print."""
    asked = options(
        __doc__ or "",
        shops=(20, "shops"),
        customers=(400, "customers of each shop"),
        clients=(16, "clients that send single receipts"),
        batchers=(4, "clients that send batches"),
    )
    with installation() as made:
        shops = seed(made, shops=asked.shops, customers=asked.customers)
        port = made.settings.port
        single, batches = receipt_maker(shops, asked.customers), batch_maker(shops, asked.customers, SIZE)
        pair = paired(
            metered(lambda seconds: drive(port, single, clients=asked.clients, seconds=seconds), made.cpu_seconds),
            metered(lambda seconds: drive(port, batches, clients=asked.batchers, seconds=seconds), made.cpu_seconds),
            rounds=asked.rounds,
            seconds=asked.seconds,
        )
        print(f"\nP-2: POST /v1/receipts/batch of {SIZE}, {asked.shops} shops")
        show("single receipts", pair.limit)
        show(f"batches of {SIZE}", pair.ours)
        print(f"  receipts in batches: {SIZE * median_rate(pair.ours):.0f} /s")
        print(f"  ratio {SIZE * pair.ratio:.1f} (rounds {', '.join(_ratios(pair.limit, pair.ours))}; target 4)")


def _ratios(single: Sequence[Figures], batches: Sequence[Figures]) -> list[str]:
    return [f"{SIZE * b.per_second / s.per_second:.1f}" for s, b in zip(single, batches, strict=True)]


if __name__ == "__main__":
    main()
