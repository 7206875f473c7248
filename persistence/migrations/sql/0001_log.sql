-- The one append-only log, the positions that readers follow, deliveries, and what HTTP needs to keep its promises.
-- xid: readers by id would skip late commits; the worker positions rows below the snapshot's xmin only (decisions.md 8).
CREATE TABLE event (
  tenant_id uuid NOT NULL DEFAULT current_tenant(),
  event_id uuid NOT NULL,
  xid bigint NOT NULL DEFAULT (pg_current_xact_id()::text::bigint),
  type text NOT NULL,
  object_type text NOT NULL,
  object_id uuid NOT NULL,
  customer_id uuid,
  actor_kind text NOT NULL,
  actor_id text NOT NULL,
  actor_role text NOT NULL,
  occurred_at timestamptz NOT NULL,
  recorded_at timestamptz NOT NULL,
  changes jsonb NOT NULL DEFAULT '[]',
  data jsonb NOT NULL DEFAULT '{}',
  detail bytea,
  PRIMARY KEY (tenant_id, event_id)
);
CREATE INDEX event_by_xid ON event (tenant_id, xid, event_id);

CREATE TABLE event_position (
  tenant_id uuid NOT NULL DEFAULT current_tenant(),
  position bigint NOT NULL,
  event_id uuid NOT NULL,
  PRIMARY KEY (tenant_id, position)
);

-- How far each subscription of a tenant has come, and what it could not deliver.
CREATE TABLE subscription_cursor (
  tenant_id uuid NOT NULL DEFAULT current_tenant(),
  subscription text NOT NULL,
  position bigint NOT NULL DEFAULT 0,
  PRIMARY KEY (tenant_id, subscription)
);

CREATE TABLE delivery (
  tenant_id uuid NOT NULL DEFAULT current_tenant(),
  subscription text NOT NULL,
  position bigint NOT NULL,
  event_id uuid NOT NULL,
  state text NOT NULL CHECK (state IN ('retry', 'parked', 'done')),
  attempts integer NOT NULL DEFAULT 0,
  next_at timestamptz,
  error_class text,
  updated_at timestamptz NOT NULL,
  PRIMARY KEY (tenant_id, subscription, position)
);
CREATE INDEX delivery_due ON delivery (tenant_id, subscription, next_at) WHERE state = 'retry';

CREATE TABLE idempotency (
  tenant_id uuid NOT NULL DEFAULT current_tenant(),
  key_hash bytea NOT NULL,
  operation text NOT NULL,
  request_hash bytea NOT NULL,
  state text NOT NULL CHECK (state IN ('claimed', 'done')),
  claim uuid,
  claimed_until timestamptz,
  status smallint,
  day date,
  receipt_id uuid,
  created_at timestamptz NOT NULL,
  PRIMARY KEY (tenant_id, key_hash)
);
CREATE INDEX idempotency_by_age ON idempotency (tenant_id, created_at);

CREATE TABLE idempotency_answer (
  tenant_id uuid NOT NULL DEFAULT current_tenant(),
  day date NOT NULL,
  key_hash bytea NOT NULL,
  headers jsonb NOT NULL,
  sealed bytea NOT NULL,
  PRIMARY KEY (tenant_id, day, key_hash)
) PARTITION BY RANGE (day);
CREATE TABLE idempotency_answer_rest PARTITION OF idempotency_answer DEFAULT;

-- GCRA: one row per tenant and bucket ("key:<id>"), moved once per leased chunk. Losing it in a crash is harmless.
CREATE UNLOGGED TABLE rate_bucket (
  tenant_id uuid NOT NULL DEFAULT current_tenant(),
  bucket    text        NOT NULL,
  tat       timestamptz NOT NULL,          -- theoretical arrival time
  PRIMARY KEY (tenant_id, bucket)
) WITH (fillfactor = 70);

-- Takes up to `wanted` of the cells that are free now; wait_ms says when the next one is, if none was.
CREATE FUNCTION rate_take(bucket_name text, per_second double precision, burst int, wanted int,
                          OUT granted int, OUT left_over int, OUT wait_ms int)
LANGUAGE plpgsql AS $$
DECLARE
  moment timestamptz := clock_timestamp();
  arrival timestamptz;
  free double precision;
BEGIN
  INSERT INTO rate_bucket AS r (tenant_id, bucket, tat) VALUES (current_tenant(), bucket_name, moment)
  ON CONFLICT (tenant_id, bucket) DO UPDATE SET tat = greatest(r.tat, moment) RETURNING tat INTO arrival;
  -- a waiter's `moment` may be older than the row it waited for: never count that as debt of its own
  free := burst - extract(epoch FROM greatest(arrival - moment, interval '0')) * per_second;
  granted := greatest(least(wanted, floor(free + 1e-6)::int), 0);
  left_over := greatest(floor(free + 1e-6)::int - granted, 0);
  wait_ms := CASE WHEN granted > 0 THEN 0 ELSE ceil(greatest(1 - free, 0) / per_second * 1000)::int END;
  IF granted > 0 THEN
    UPDATE rate_bucket SET tat = arrival + make_interval(secs => granted / per_second)
    WHERE tenant_id = current_tenant() AND bucket = bucket_name;
  END IF;
END $$;
