"""P-9: growth. P-1 and P-3 on a small base and on one with 10 times the shops and customers, 100 times the receipts."""

from bench.installation import Installation, installation
from bench.load import Figures, Make, drive
from bench.people import resolve_maker
from bench.receipts import receipt_maker, seed
from bench.rounds import options, paired, show_pair

TIMES, RECEIPT_TIMES = 10, 100


def main() -> None:
    """Measure and print."""
    asked = options(
        __doc__ or "",
        shops=(10, "shops of the small base"),
        customers=(100, "customers of each shop"),
        receipts=(1, "receipts of each customer in the small base"),
        clients=(16, "clients"),
    )
    with installation() as small, installation() as grown:
        few = seed(small, shops=asked.shops, customers=asked.customers, receipts=asked.receipts)
        more = asked.receipts * RECEIPT_TIMES // TIMES
        many = seed(grown, shops=asked.shops * TIMES, customers=asked.customers, receipts=more)
        total = asked.shops * asked.customers
        print(f"\nP-9: {total} customers with {total * asked.receipts} receipts, then {total * TIMES} with", end=" ")
        print(f"{total * TIMES * more}")

        def compare(title: str, maker_of) -> None:  # type: ignore[no-untyped-def]
            pair = paired(
                _round(small, maker_of(few), asked.clients), _round(grown, maker_of(many), asked.clients),
                rounds=asked.rounds, seconds=asked.seconds,
            )  # fmt: skip
            show_pair(title, pair, limit="small base", ours="grown base", now=0.8, proud=1.0)

        compare("receipts", lambda shops: receipt_maker(shops, asked.customers))
        compare("look-ups by phone", lambda shops: resolve_maker([shop.key for shop in shops], asked.customers))


def _round(made: Installation, maker: Make, clients: int):  # type: ignore[no-untyped-def]
    def run(seconds: float) -> Figures:
        return drive(made.settings.port, maker, clients=clients, seconds=seconds)

    return run


if __name__ == "__main__":
    main()
