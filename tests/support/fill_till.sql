-- Enough rows of one shop for a scan to be the wrong plan; test.tenant names the shop.
INSERT INTO customer (tenant_id, customer_id, canonical_id, created_at, updated_at)
  SELECT current_setting('test.tenant')::uuid, ('00000000-0000-7000-8000-' || lpad(to_hex(n), 12, '0'))::uuid,
         ('00000000-0000-7000-8000-' || lpad(to_hex(n), 12, '0'))::uuid, now(), now() FROM generate_series(1, 20000) n;
INSERT INTO identifier (tenant_id, identifier_id, customer_id, type, key_version, blind, sealed, created_at)
  SELECT tenant_id, customer_id, customer_id, 'phone', 1, decode(md5(customer_id::text), 'hex'), '', now()
    FROM customer WHERE tenant_id = current_setting('test.tenant')::uuid;
INSERT INTO account (tenant_id, account_id, program_id, version, created_at)
  SELECT tenant_id, customer_id, customer_id, 1, now() FROM customer WHERE tenant_id = current_setting('test.tenant')::uuid;
INSERT INTO account_member (tenant_id, account_id, customer_id, program_id, joined_at)
  SELECT tenant_id, customer_id, customer_id, customer_id, now() FROM customer WHERE tenant_id = current_setting('test.tenant')::uuid;
INSERT INTO lot (tenant_id, account_id, lot_id, amount, remaining, activates_at, expires_at, origin, created_at)
  SELECT tenant_id, customer_id, customer_id, 5, 5, now(), now() + interval '1 year', 'earn', now()
    FROM customer WHERE tenant_id = current_setting('test.tenant')::uuid;
INSERT INTO entry (tenant_id, account_id, seq, entry_id, kind, points, at, recorded_at, actor)
  SELECT tenant_id, customer_id, 1, customer_id, 'earn', 5, now(), now(), 'test' FROM customer WHERE tenant_id = current_setting('test.tenant')::uuid;
INSERT INTO allocation (tenant_id, account_id, seq, lot_id, points)
  SELECT tenant_id, customer_id, 1, customer_id, 5 FROM customer WHERE tenant_id = current_setting('test.tenant')::uuid;
INSERT INTO receipt (tenant_id, receipt_id, source, external_id, kind, sold_at, counts_at, business_date, recorded_at,
                     currency, total, customer_id, document_hash, fiscal_hash, answer)
  SELECT tenant_id, customer_id, 'old', customer_id::text, 'sale', now(), now(), now()::date, now(), 'RUB', 1, customer_id,
         '', '', '' FROM customer WHERE tenant_id = current_setting('test.tenant')::uuid;
INSERT INTO receipt_line (tenant_id, receipt_id, line_no, line, kind, settlement, quantity, unit_price, discount, total)
  SELECT tenant_id, customer_id, 1, '1', 'goods', 'full', 1000, 1, 0, 1 FROM customer WHERE tenant_id = current_setting('test.tenant')::uuid;
