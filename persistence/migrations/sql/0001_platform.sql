-- What stands outside row-level security, by name (decisions.md 2): tenants, operator keys, the worker's turns.
-- The session sets regulars.app_role and regulars.sealer_role before migrating; both are plain login roles.
CREATE SCHEMA platform;
CREATE SCHEMA keystore;

-- A pooled connection reverts to an empty string, not NULL, after SET LOCAL: nullif keeps "no tenant" closed.
CREATE FUNCTION current_tenant() RETURNS uuid LANGUAGE sql STABLE PARALLEL SAFE
  AS $$ SELECT nullif(current_setting('app.tenant_id', true), '')::uuid $$;

CREATE TABLE platform.tenant (
  tenant_id uuid PRIMARY KEY,
  name text NOT NULL,
  status text NOT NULL DEFAULT 'active' CHECK (status IN ('active', 'suspended')),
  country text NOT NULL,
  currency text NOT NULL,
  time_zone text NOT NULL,
  locale text NOT NULL,
  jurisdiction text NOT NULL,
  settings jsonb NOT NULL DEFAULT '{}',
  config_version bigint NOT NULL DEFAULT 1,
  created_at timestamptz NOT NULL,
  suspended_at timestamptz
);

CREATE TABLE platform.operator_key (
  key_no integer PRIMARY KEY,
  name text NOT NULL,
  secret_hash bytea NOT NULL,
  created_at timestamptz NOT NULL,
  expires_at timestamptz,
  revoked_at timestamptz,
  last_used_at timestamptz
);

-- One row per tenant and kind of background turn: who works on it until when, and how far it came.
CREATE TABLE platform.turn (
  tenant_id uuid NOT NULL REFERENCES platform.tenant,
  kind text NOT NULL,
  leased_until timestamptz,
  lease uuid,
  cursor bigint NOT NULL DEFAULT 0,
  due_at timestamptz,
  PRIMARY KEY (tenant_id, kind)
);

CREATE TABLE keystore.root_check (
  root_id text PRIMARY KEY,
  check_value bytea NOT NULL
);

CREATE TABLE keystore.tenant_key (
  tenant_id uuid NOT NULL DEFAULT current_tenant(),
  purpose text NOT NULL,
  version smallint NOT NULL,
  wrapped bytea NOT NULL,
  root_id text NOT NULL,
  created_at timestamptz NOT NULL,
  retired_at timestamptz,
  PRIMARY KEY (tenant_id, purpose, version)
);

CREATE TABLE keystore.customer_key (
  tenant_id uuid NOT NULL DEFAULT current_tenant(),
  customer_id uuid NOT NULL,
  kek_version smallint NOT NULL,
  wrapped bytea NOT NULL,
  commitment bytea NOT NULL,
  PRIMARY KEY (tenant_id, customer_id)
);
CREATE INDEX customer_key_by_version ON keystore.customer_key (tenant_id, kek_version, customer_id);

CREATE TABLE api_key (
  tenant_id uuid NOT NULL DEFAULT current_tenant(),
  key_no integer NOT NULL,
  key_id uuid NOT NULL,
  name text NOT NULL,
  role text NOT NULL,
  mode text NOT NULL CHECK (mode IN ('live', 'test')),
  secret_hash bytea NOT NULL,
  created_at timestamptz NOT NULL,
  created_by text NOT NULL,
  expires_at timestamptz,
  revoked_at timestamptz,
  last_used_at timestamptz,
  replaced_by_no integer,
  PRIMARY KEY (tenant_id, key_no),
  UNIQUE (tenant_id, key_id)
);

-- Places and staff as plain records; codes come from tills, so all three may start unconfirmed.
CREATE TABLE store (
  tenant_id uuid NOT NULL DEFAULT current_tenant(),
  store_id uuid NOT NULL,
  code text NOT NULL,
  name text,
  time_zone text,
  currency text,
  address text,
  confirmed boolean NOT NULL DEFAULT true,
  archived_at timestamptz,
  version bigint NOT NULL DEFAULT 1,
  created_at timestamptz NOT NULL,
  updated_at timestamptz NOT NULL,
  PRIMARY KEY (tenant_id, store_id),
  UNIQUE (tenant_id, code)
);

CREATE TABLE register (
  tenant_id uuid NOT NULL DEFAULT current_tenant(),
  register_id uuid NOT NULL,
  store_code text,
  code text NOT NULL,
  name text,
  confirmed boolean NOT NULL DEFAULT true,
  archived_at timestamptz,
  version bigint NOT NULL DEFAULT 1,
  created_at timestamptz NOT NULL,
  updated_at timestamptz NOT NULL,
  PRIMARY KEY (tenant_id, register_id),
  UNIQUE NULLS NOT DISTINCT (tenant_id, store_code, code)
);

-- A name is personal data of the employee: sealed under the tenant's own key.
CREATE TABLE employee (
  tenant_id uuid NOT NULL DEFAULT current_tenant(),
  employee_id uuid NOT NULL,
  code text NOT NULL,
  sealed_name bytea,
  store_code text,
  role text,
  confirmed boolean NOT NULL DEFAULT true,
  archived_at timestamptz,
  version bigint NOT NULL DEFAULT 1,
  created_at timestamptz NOT NULL,
  updated_at timestamptz NOT NULL,
  PRIMARY KEY (tenant_id, employee_id),
  UNIQUE (tenant_id, code)
);
