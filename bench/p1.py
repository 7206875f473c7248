"""P-1: receipts one by one, 20 shops, 16 clients, 2 web workers, against pgbench running the till's two functions."""

from bench.installation import installation
from bench.load import drive
from bench.pgbench import run_pgbench
from bench.receipts import pgbench_script, receipt_maker, seed
from bench.rounds import metered, options, paired, show, show_pair


def main() -> None:
    """Measure and print."""
    asked = options(
        __doc__ or "",
        shops=(20, "shops"),
        customers=(400, "customers of each shop"),
        clients=(16, "clients of each side"),
        workers=(2, "web workers"),
        remembered=(False, "send an Idempotency-Key with every receipt"),
        worker=(False, "let the background worker run beside it"),
        whole_table=(False, "also one shop with 64 clients, a lone till, one hot customer"),
    )
    with installation(workers=asked.workers, worker=asked.worker) as made:
        shops = seed(made, shops=asked.shops, customers=asked.customers)
        script = pgbench_script(made, shops[0], clients=asked.clients, remembered=asked.remembered)
        port = made.settings.port

        def pair(clients: int, base: int, maker):  # type: ignore[no-untyped-def]
            return paired(
                metered(lambda seconds: run_pgbench(made, script, clients=base, seconds=seconds), made.cpu_seconds),
                metered(lambda seconds: drive(port, maker, clients=clients, seconds=seconds), made.cpu_seconds),
                rounds=asked.rounds,
                seconds=asked.seconds,
            )

        everybody = receipt_maker(shops, asked.customers, remembered=asked.remembered)
        found = pair(asked.clients, asked.clients, everybody)
        show_pair(
            f"P-1: POST /v1/receipts, {asked.shops} shops, {asked.clients} clients, {asked.workers} workers",
            found, limit=f"pgbench, {asked.clients} connections", ours="POST /v1/receipts", now=0.45, proud=0.60,
        )  # fmt: skip
        if asked.whole_table:
            one = receipt_maker(shops[:1], asked.customers, remembered=asked.remembered)
            show_pair("one shop, 64 clients", pair(64, asked.clients, one),
                      limit="pgbench, 16 connections", ours="64 clients, one shop", now=1.2, proud=1.6)  # fmt: skip
            show_pair("a lone till", pair(1, 1, everybody),
                      limit="pgbench, 1 connection", ours="1 client", now=0.45, proud=0.50)  # fmt: skip
            hot = receipt_maker(shops[:1], asked.customers, hot=True)
            print("\none hot customer, 32 clients (target 300/s, proud of 450/s and p99 <= 130 ms)")
            show("32 clients", [drive(port, hot, clients=32, seconds=asked.seconds) for _ in range(asked.rounds)])


if __name__ == "__main__":
    main()
