-- Documents of the till, the figures that follow from them, and other things that happened with a person.
-- No foreign keys on lines, payments, lots, entries, allocations: one statement writes parent and child, and nine keys
-- cost a third of the throughput; a test and the ledger verifier look for orphans instead.
CREATE TABLE receipt (
  tenant_id uuid NOT NULL DEFAULT current_tenant(),
  receipt_id uuid NOT NULL,
  source text NOT NULL,
  external_id text NOT NULL,
  kind text NOT NULL CHECK (kind IN ('sale', 'return', 'void')),
  state text NOT NULL DEFAULT 'recorded' CHECK (state IN ('recorded', 'voided', 'waiting')),
  version bigint NOT NULL DEFAULT 1,
  sold_at timestamptz NOT NULL,
  counts_at timestamptz NOT NULL,
  business_date date NOT NULL,
  recorded_at timestamptz NOT NULL,
  store text,
  register text,
  shift text,
  employee text,
  channel text,
  currency text NOT NULL,
  total bigint NOT NULL,
  rounding bigint NOT NULL DEFAULT 0,
  counted bigint NOT NULL DEFAULT 0,
  counted_receipts smallint NOT NULL DEFAULT 0,
  customer_id uuid,
  customer_match text,
  account_id uuid,
  program_version integer,
  earned bigint NOT NULL DEFAULT 0,
  redeemed bigint NOT NULL DEFAULT 0,
  restored bigint NOT NULL DEFAULT 0,
  reversed bigint NOT NULL DEFAULT 0,
  sale_id uuid,
  linked_by text,
  reason text,
  waiting_for text,
  order_id text,
  basket_id text,
  exchange_group text,
  fiscal_scheme text,
  fiscal_key text,
  fiscal_check text,
  document_hash bytea NOT NULL,
  fiscal_hash bytea NOT NULL,
  voided_by uuid,
  detail jsonb NOT NULL DEFAULT '{}',
  answer bytea NOT NULL,
  PRIMARY KEY (tenant_id, receipt_id),
  UNIQUE (tenant_id, source, external_id),
  FOREIGN KEY (tenant_id, customer_id) REFERENCES customer (tenant_id, customer_id)
);
CREATE UNIQUE INDEX receipt_by_fiscal ON receipt (tenant_id, fiscal_scheme, fiscal_key) WHERE fiscal_key IS NOT NULL;
CREATE INDEX receipt_by_qr ON receipt (tenant_id, fiscal_check) WHERE fiscal_scheme = 'other' AND fiscal_check IS NOT NULL;
CREATE INDEX receipt_by_customer ON receipt (tenant_id, customer_id, sold_at, receipt_id) WHERE customer_id IS NOT NULL;
CREATE INDEX receipt_by_order ON receipt (tenant_id, order_id) WHERE order_id IS NOT NULL;
CREATE INDEX receipt_by_sale ON receipt (tenant_id, sale_id) WHERE sale_id IS NOT NULL;
CREATE INDEX receipt_waiting ON receipt (tenant_id, waiting_for) WHERE waiting_for IS NOT NULL;
CREATE INDEX receipt_by_time ON receipt (tenant_id, sold_at, receipt_id);

CREATE TABLE receipt_line (
  tenant_id uuid NOT NULL DEFAULT current_tenant(),
  receipt_id uuid NOT NULL,
  line_no smallint NOT NULL,
  line text NOT NULL,
  kind text NOT NULL,
  settlement text NOT NULL,
  sku text,
  gtin text,
  name text,
  category text,
  brand text,
  quantity bigint NOT NULL,
  unit_price bigint NOT NULL,
  discount bigint NOT NULL,
  total bigint NOT NULL,
  earned bigint NOT NULL DEFAULT 0,
  redeemed bigint NOT NULL DEFAULT 0,
  tender bigint NOT NULL DEFAULT 0,
  returned_quantity bigint NOT NULL DEFAULT 0,
  returned_total bigint NOT NULL DEFAULT 0,
  reversed bigint NOT NULL DEFAULT 0,
  restored bigint NOT NULL DEFAULT 0,
  sale_line_no smallint,
  detail jsonb NOT NULL DEFAULT '{}',
  PRIMARY KEY (tenant_id, receipt_id, line_no)
) WITH (fillfactor = 90);

CREATE TABLE receipt_payment (
  tenant_id uuid NOT NULL DEFAULT current_tenant(),
  receipt_id uuid NOT NULL,
  payment_no smallint NOT NULL,
  method text NOT NULL,
  amount bigint NOT NULL,
  PRIMARY KEY (tenant_id, receipt_id, payment_no)
);

CREATE TABLE customer_metrics (
  tenant_id uuid NOT NULL DEFAULT current_tenant(),
  customer_id uuid NOT NULL,
  currency text NOT NULL,
  receipts bigint NOT NULL,
  sales_total bigint NOT NULL,
  returns_total bigint NOT NULL,
  first_at timestamptz,
  last_at timestamptz,
  PRIMARY KEY (tenant_id, customer_id, currency)
) WITH (fillfactor = 70);

-- Documents that could not take effect: other content under a known key, returns that match nothing.
CREATE TABLE parked_document (
  tenant_id uuid NOT NULL DEFAULT current_tenant(),
  parked_id uuid NOT NULL,
  reason text NOT NULL,
  source text NOT NULL,
  external_id text NOT NULL,
  content_hash bytea NOT NULL,
  receipt_id uuid,
  recorded jsonb,
  received jsonb NOT NULL,
  sealed bytea NOT NULL,
  state text NOT NULL DEFAULT 'open' CHECK (state IN ('open', 'resolved', 'dismissed')),
  created_at timestamptz NOT NULL,
  resolved_at timestamptz,
  PRIMARY KEY (tenant_id, parked_id),
  UNIQUE (tenant_id, source, external_id, content_hash)
);
CREATE INDEX parked_by_time ON parked_document (tenant_id, created_at, parked_id);

-- Other numbers of a receipt: the same fiscal document came by another road, and is asked for by that road's number too.
CREATE TABLE receipt_alias (
  tenant_id uuid NOT NULL DEFAULT current_tenant(),
  source text NOT NULL,
  external_id text NOT NULL,
  receipt_id uuid NOT NULL,
  recorded_at timestamptz NOT NULL,
  PRIMARY KEY (tenant_id, source, external_id)
);

CREATE TABLE product (
  tenant_id uuid NOT NULL DEFAULT current_tenant(),
  product_id uuid NOT NULL,
  sku text NOT NULL,
  gtin text,
  name text,
  category text,
  brand text,
  unit text,
  attributes jsonb NOT NULL DEFAULT '{}',
  restrictions text[] NOT NULL DEFAULT '{}',
  last_unit_price bigint,
  currency text,
  confirmed boolean NOT NULL DEFAULT false,
  first_sold_at timestamptz,
  last_sold_at timestamptz,
  version bigint NOT NULL DEFAULT 1,
  created_at timestamptz NOT NULL,
  updated_at timestamptz NOT NULL,
  PRIMARY KEY (tenant_id, product_id),
  UNIQUE (tenant_id, sku)
) WITH (fillfactor = 80);
CREATE INDEX product_by_category ON product (tenant_id, category, sku) WHERE category IS NOT NULL;
CREATE INDEX product_by_gtin ON product (tenant_id, gtin) WHERE gtin IS NOT NULL;

-- Everything in a person's history that is not a receipt; receipts join the timeline by reference.
CREATE TABLE interaction (
  tenant_id uuid NOT NULL DEFAULT current_tenant(),
  interaction_id uuid NOT NULL,
  customer_id uuid NOT NULL,
  root_customer_id uuid NOT NULL,
  kind text NOT NULL,
  occurred_at timestamptz NOT NULL,
  recorded_at timestamptz NOT NULL,
  source text NOT NULL,
  external_id text,
  store text,
  actor text NOT NULL,
  refs jsonb NOT NULL DEFAULT '{}',
  data jsonb NOT NULL DEFAULT '{}',
  detail bytea,
  schema_version smallint NOT NULL DEFAULT 1,
  PRIMARY KEY (tenant_id, interaction_id),
  FOREIGN KEY (tenant_id, customer_id) REFERENCES customer (tenant_id, customer_id)
);
CREATE INDEX interaction_by_customer ON interaction (tenant_id, customer_id, occurred_at, interaction_id);
CREATE UNIQUE INDEX interaction_natural ON interaction (tenant_id, source, external_id, kind) WHERE external_id IS NOT NULL;
