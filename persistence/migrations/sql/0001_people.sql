-- People, how they are found, and what the shop noted about them. All personal text is sealed under the customer's key.
CREATE TABLE customer (
  tenant_id uuid NOT NULL DEFAULT current_tenant(),
  customer_id uuid NOT NULL,
  canonical_id uuid NOT NULL,
  kind text NOT NULL DEFAULT 'person' CHECK (kind IN ('person', 'organization')),
  state text NOT NULL DEFAULT 'active' CHECK (state IN ('pending', 'active', 'frozen', 'archived', 'merged', 'erased')),
  lifecycle_override text,
  owner_id uuid,
  is_staff boolean NOT NULL DEFAULT false,
  locale text,
  time_zone text,
  acquisition jsonb,
  acquisition_store text,
  label_color text,
  profile bytea,
  opening jsonb,
  source text,
  version bigint NOT NULL DEFAULT 1,
  created_at timestamptz NOT NULL,
  updated_at timestamptz NOT NULL,
  archived_at timestamptz,
  PRIMARY KEY (tenant_id, customer_id)
);
CREATE INDEX customer_by_created ON customer (tenant_id, created_at, customer_id);
CREATE INDEX customer_by_owner ON customer (tenant_id, owner_id, created_at, customer_id) WHERE owner_id IS NOT NULL;
CREATE INDEX customer_by_store ON customer (tenant_id, acquisition_store, created_at, customer_id) WHERE acquisition_store IS NOT NULL;
CREATE INDEX customer_by_canonical ON customer (tenant_id, canonical_id) WHERE canonical_id <> customer_id;

CREATE TABLE identifier (
  tenant_id uuid NOT NULL DEFAULT current_tenant(),
  identifier_id uuid NOT NULL,
  customer_id uuid NOT NULL,
  type text NOT NULL,
  system text,
  key_version smallint NOT NULL,
  blind bytea NOT NULL,
  ending bytea,
  sealed bytea NOT NULL,
  is_primary boolean NOT NULL DEFAULT false,
  status text NOT NULL DEFAULT 'active' CHECK (status IN ('active', 'retired', 'shared', 'quarantined', 'reassigned')),
  reason text,
  verified_at timestamptz,
  last_used_at timestamptz,
  last_confirmed_at timestamptz,
  created_at timestamptz NOT NULL,
  PRIMARY KEY (tenant_id, identifier_id),
  FOREIGN KEY (tenant_id, customer_id) REFERENCES customer (tenant_id, customer_id)
);
CREATE UNIQUE INDEX identifier_active ON identifier (tenant_id, type, key_version, blind) WHERE status = 'active';
CREATE INDEX identifier_found ON identifier (tenant_id, type, blind);
CREATE INDEX identifier_by_customer ON identifier (tenant_id, customer_id);
CREATE INDEX identifier_by_ending ON identifier (tenant_id, ending) WHERE ending IS NOT NULL;

-- Opt-in token index of names for large tenants: blind prefixes, one row each (decisions.md 3).
CREATE TABLE name_token (
  tenant_id uuid NOT NULL DEFAULT current_tenant(),
  token bytea NOT NULL,
  customer_id uuid NOT NULL,
  PRIMARY KEY (tenant_id, token, customer_id),
  FOREIGN KEY (tenant_id, customer_id) REFERENCES customer (tenant_id, customer_id)
);
CREATE INDEX name_token_by_customer ON name_token (tenant_id, customer_id);

CREATE TABLE address (
  tenant_id uuid NOT NULL DEFAULT current_tenant(),
  address_id uuid NOT NULL,
  customer_id uuid NOT NULL,
  kind text NOT NULL,
  is_default boolean NOT NULL DEFAULT false,
  sealed bytea NOT NULL,
  version bigint NOT NULL DEFAULT 1,
  created_at timestamptz NOT NULL,
  updated_at timestamptz NOT NULL,
  PRIMARY KEY (tenant_id, address_id),
  FOREIGN KEY (tenant_id, customer_id) REFERENCES customer (tenant_id, customer_id)
);
CREATE INDEX address_by_customer ON address (tenant_id, customer_id);

CREATE TABLE note (
  tenant_id uuid NOT NULL DEFAULT current_tenant(),
  note_id uuid NOT NULL,
  customer_id uuid NOT NULL,
  visibility text NOT NULL CHECK (visibility IN ('till', 'seller', 'staff', 'manager', 'owner')),
  pinned boolean NOT NULL DEFAULT false,
  sealed bytea NOT NULL,
  author text NOT NULL,
  version bigint NOT NULL DEFAULT 1,
  created_at timestamptz NOT NULL,
  updated_at timestamptz NOT NULL,
  deleted_at timestamptz,
  PRIMARY KEY (tenant_id, note_id),
  FOREIGN KEY (tenant_id, customer_id) REFERENCES customer (tenant_id, customer_id)
);
CREATE INDEX note_by_customer ON note (tenant_id, customer_id, created_at);

CREATE TABLE note_revision (
  tenant_id uuid NOT NULL DEFAULT current_tenant(),
  note_id uuid NOT NULL,
  version bigint NOT NULL,
  customer_id uuid NOT NULL,
  visibility text NOT NULL,
  pinned boolean NOT NULL,
  sealed bytea NOT NULL,
  author text NOT NULL,
  edited_at timestamptz NOT NULL,
  PRIMARY KEY (tenant_id, note_id, version),
  FOREIGN KEY (tenant_id, note_id) REFERENCES note (tenant_id, note_id)
);
CREATE INDEX note_revision_by_customer ON note_revision (tenant_id, customer_id);

CREATE TABLE tag (
  tenant_id uuid NOT NULL DEFAULT current_tenant(),
  tag_id uuid NOT NULL,
  name text NOT NULL,
  color text,
  description text,
  archived_at timestamptz,
  version bigint NOT NULL DEFAULT 1,
  created_at timestamptz NOT NULL,
  updated_at timestamptz NOT NULL,
  PRIMARY KEY (tenant_id, tag_id),
  UNIQUE (tenant_id, name)
);

CREATE TABLE customer_tag (
  tenant_id uuid NOT NULL DEFAULT current_tenant(),
  tag_id uuid NOT NULL,
  customer_id uuid NOT NULL,
  source text NOT NULL,
  actor text NOT NULL,
  tagged_at timestamptz NOT NULL,
  PRIMARY KEY (tenant_id, tag_id, customer_id),
  FOREIGN KEY (tenant_id, tag_id) REFERENCES tag (tenant_id, tag_id),
  FOREIGN KEY (tenant_id, customer_id) REFERENCES customer (tenant_id, customer_id)
);
CREATE INDEX customer_tag_by_customer ON customer_tag (tenant_id, customer_id);

CREATE TABLE custom_field (
  tenant_id uuid NOT NULL DEFAULT current_tenant(),
  field_id uuid NOT NULL,
  code text NOT NULL,
  type text NOT NULL CHECK (type IN ('string', 'number', 'date', 'bool', 'enum', 'multi_enum', 'reference')),
  label text NOT NULL,
  definition jsonb NOT NULL DEFAULT '{}',
  archived_at timestamptz,
  version bigint NOT NULL DEFAULT 1,
  created_at timestamptz NOT NULL,
  updated_at timestamptz NOT NULL,
  PRIMARY KEY (tenant_id, field_id),
  UNIQUE (tenant_id, code)
);

-- The value itself lies sealed in the profile; here is what filters need: a blind digest for text, clear numbers and dates.
CREATE TABLE custom_value (
  tenant_id uuid NOT NULL DEFAULT current_tenant(),
  field_id uuid NOT NULL,
  customer_id uuid NOT NULL,
  item smallint NOT NULL DEFAULT 0,
  digest bytea,
  number bigint,
  day date,
  PRIMARY KEY (tenant_id, field_id, customer_id, item),
  FOREIGN KEY (tenant_id, field_id) REFERENCES custom_field (tenant_id, field_id),
  FOREIGN KEY (tenant_id, customer_id) REFERENCES customer (tenant_id, customer_id)
);
CREATE INDEX custom_value_by_digest ON custom_value (tenant_id, field_id, digest, customer_id) WHERE digest IS NOT NULL;
CREATE INDEX custom_value_by_number ON custom_value (tenant_id, field_id, number, customer_id) WHERE number IS NOT NULL;
CREATE INDEX custom_value_by_day ON custom_value (tenant_id, field_id, day, customer_id) WHERE day IS NOT NULL;
CREATE INDEX custom_value_by_customer ON custom_value (tenant_id, customer_id);
