"""P-3: resolve by phone among a million customers, 16 clients, against pgbench doing the same read."""

from bench.installation import installation
from bench.load import drive
from bench.people import add_people, resolve_maker, resolve_script
from bench.pgbench import run_pgbench
from bench.receipts import keys_of, seed
from bench.rounds import metered, options, paired, show_pair


def main() -> None:
    """Measure and print."""
    asked = options(
        __doc__ or "",
        customers=(1_000_000, "customers of the shop"),
        clients=(16, "clients of each side"),
        workers=(2, "web workers"),
    )
    with installation(workers=asked.workers) as made:
        (shop,) = seed(made, shops=1, customers=0)
        add_people(made, shop.tenant_id, asked.customers)
        keys = keys_of(made, shop, asked.clients)
        script, maker = resolve_script(asked.customers), resolve_maker(keys, asked.customers)
        port, clients = made.settings.port, asked.clients
        pair = paired(
            metered(lambda seconds: run_pgbench(made, script, clients=clients, seconds=seconds), made.cpu_seconds),
            metered(lambda seconds: drive(port, maker, clients=clients, seconds=seconds), made.cpu_seconds),
            rounds=asked.rounds,
            seconds=asked.seconds,
        )
        show_pair(
            f"P-3: resolve by phone among {asked.customers}, {clients} clients, {asked.workers} workers", pair,
            limit=f"pgbench, {clients} connections", ours="POST /v1/customers/resolve", now=0.30, proud=0.40,
        )  # fmt: skip


if __name__ == "__main__":
    main()
