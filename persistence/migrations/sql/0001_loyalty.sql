-- The points ledger: accounts and their members, lots, entries, allocations. Append-only but for the cached figures.
-- account.version is the seq of the account's last entry: the optimistic check and the next entry's key in one.
CREATE TABLE program (
  tenant_id uuid NOT NULL DEFAULT current_tenant(),
  program_id uuid NOT NULL,
  code text NOT NULL,
  name text NOT NULL,
  created_at timestamptz NOT NULL,
  PRIMARY KEY (tenant_id, program_id),
  UNIQUE (tenant_id, code)
);

CREATE TABLE program_version (
  tenant_id uuid NOT NULL DEFAULT current_tenant(),
  program_id uuid NOT NULL,
  version integer NOT NULL,
  valid_from timestamptz NOT NULL,
  rules jsonb NOT NULL,
  published_at timestamptz NOT NULL,
  PRIMARY KEY (tenant_id, program_id, version),
  FOREIGN KEY (tenant_id, program_id) REFERENCES program (tenant_id, program_id)
);

CREATE TABLE account (
  tenant_id uuid NOT NULL DEFAULT current_tenant(),
  account_id uuid NOT NULL,
  program_id uuid NOT NULL,
  version bigint NOT NULL DEFAULT 0,
  active bigint NOT NULL DEFAULT 0,
  pending bigint NOT NULL DEFAULT 0,
  held bigint NOT NULL DEFAULT 0,
  debt bigint NOT NULL DEFAULT 0 CHECK (debt >= 0),
  lifetime_earned bigint NOT NULL DEFAULT 0,
  next_activation_at timestamptz,
  status text NOT NULL DEFAULT 'active' CHECK (status IN ('active', 'frozen', 'closed')),
  tier text,
  created_at timestamptz NOT NULL,
  PRIMARY KEY (tenant_id, account_id)
) WITH (fillfactor = 70);

CREATE TABLE account_member (
  tenant_id uuid NOT NULL DEFAULT current_tenant(),
  account_id uuid NOT NULL,
  customer_id uuid NOT NULL,
  program_id uuid NOT NULL,
  role text NOT NULL DEFAULT 'owner' CHECK (role IN ('owner', 'member')),
  spend_limit bigint,
  joined_at timestamptz NOT NULL,
  left_at timestamptz,
  PRIMARY KEY (tenant_id, account_id, customer_id, joined_at)
);
CREATE UNIQUE INDEX account_member_active ON account_member (tenant_id, customer_id, program_id) WHERE left_at IS NULL;

CREATE TABLE lot (
  tenant_id uuid NOT NULL DEFAULT current_tenant(),
  account_id uuid NOT NULL,
  lot_id uuid NOT NULL,
  amount bigint NOT NULL CHECK (amount > 0),
  remaining bigint NOT NULL CHECK (remaining >= 0),
  reserved bigint NOT NULL DEFAULT 0 CHECK (reserved >= 0 AND reserved <= remaining),
  expired bigint NOT NULL DEFAULT 0 CHECK (expired >= 0),
  open boolean NOT NULL DEFAULT true,
  state text NOT NULL DEFAULT 'active' CHECK (state IN ('pending', 'active', 'exhausted', 'expired', 'reversed')),
  activates_at timestamptz NOT NULL,
  expires_at timestamptz,
  origin text NOT NULL,
  receipt_id uuid,
  line text,
  rule text,
  program_version integer,
  parent_lot_id uuid,
  funding_store text,
  qualifying boolean NOT NULL DEFAULT true,
  root_customer_id uuid,
  created_at timestamptz NOT NULL,
  PRIMARY KEY (tenant_id, account_id, lot_id)
) WITH (fillfactor = 85);
CREATE INDEX lot_spending_order ON lot (tenant_id, account_id, expires_at, lot_id) WHERE open;
CREATE INDEX lot_expiring ON lot (tenant_id, expires_at) WHERE open;

CREATE TABLE entry (
  tenant_id uuid NOT NULL DEFAULT current_tenant(),
  account_id uuid NOT NULL,
  seq bigint NOT NULL,
  entry_id uuid NOT NULL,
  kind text NOT NULL,
  points bigint NOT NULL,
  at timestamptz NOT NULL,
  recorded_at timestamptz NOT NULL,
  document_type text,
  document_id uuid,
  reason text,
  program_version integer,
  actor text NOT NULL,
  note bytea,
  PRIMARY KEY (tenant_id, account_id, seq)
);

CREATE TABLE allocation (
  tenant_id uuid NOT NULL DEFAULT current_tenant(),
  account_id uuid NOT NULL,
  seq bigint NOT NULL,
  lot_id uuid NOT NULL,
  points bigint NOT NULL,
  PRIMARY KEY (tenant_id, account_id, seq, lot_id)
);
