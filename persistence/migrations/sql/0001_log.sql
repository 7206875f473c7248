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
