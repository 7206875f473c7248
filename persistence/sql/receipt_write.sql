-- Stores what the rules decided, in one round trip. Writes only; no rule lives here.
-- Raises RG001, with nothing written, when an account or a receipt is not in the version the decision was made on.
-- A unique violation rolls all of it back: the caller reads again. No ON CONFLICT on the receipt: the account would have moved.
CREATE OR REPLACE FUNCTION receipt_write(
  p_tenant uuid,
  p_accounts json, p_sales json,
  p_customers json, p_keys json, p_identifiers json, p_used uuid[],
  p_new_accounts json, p_members json,
  p_receipts json, p_lines json, p_payments json, p_line_updates json,
  p_metrics json, p_recount uuid[], p_parked json, p_lots json, p_lot_changes json, p_entries json, p_allocations json,
  p_events json, p_places json, p_idempotency json, p_aliases json
) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
  v_now timestamptz := clock_timestamp();
  v_expected integer;
  v_done integer;
BEGIN
  PERFORM set_config('app.tenant_id', p_tenant::text, true);

  -- Accounts in the order of their ids, so that two writers never wait for each other in a circle.
  IF p_accounts IS NOT NULL THEN
    UPDATE account a SET version = n.version, active = n.active, pending = n.pending, held = n.held, debt = n.debt,
           lifetime_earned = n.lifetime_earned, next_activation_at = n.next_activation_at
      FROM json_to_recordset(p_accounts) AS n (account_id uuid, expected bigint, version bigint, active bigint, pending bigint,
             held bigint, debt bigint, lifetime_earned bigint, next_activation_at timestamptz)
     WHERE a.tenant_id = p_tenant AND a.account_id = n.account_id AND a.version = n.expected;
    GET DIAGNOSTICS v_done = ROW_COUNT;
    v_expected := json_array_length(p_accounts);
    IF v_done <> v_expected THEN RAISE EXCEPTION 'stale' USING ERRCODE = 'RG001'; END IF;
  END IF;
  IF p_customers IS NOT NULL THEN
    INSERT INTO customer (tenant_id, customer_id, canonical_id, kind, state, is_staff, locale, time_zone, acquisition,
           acquisition_store, profile, source, version, created_at, updated_at)
    SELECT p_tenant, customer_id, customer_id, kind, state, is_staff, locale, time_zone, acquisition,
           acquisition_store, profile, source, 1, created_at, created_at
      FROM json_populate_recordset(NULL::customer, p_customers);
    INSERT INTO keystore.customer_key (tenant_id, customer_id, kek_version, wrapped, commitment)
    SELECT p_tenant, customer_id, kek_version, wrapped, commitment
      FROM json_populate_recordset(NULL::keystore.customer_key, p_keys);
    INSERT INTO identifier (tenant_id, identifier_id, customer_id, type, system, key_version, blind, ending, sealed, is_primary, status,
           reason, last_used_at, created_at)
    SELECT p_tenant, identifier_id, customer_id, type, system, key_version, blind, ending, sealed, is_primary, status,
           reason, last_used_at, created_at
      FROM json_populate_recordset(NULL::identifier, p_identifiers);
  END IF;
  IF p_used IS NOT NULL THEN
    UPDATE identifier SET last_used_at = v_now WHERE tenant_id = p_tenant AND identifier_id = ANY (p_used);
  END IF;
  IF p_new_accounts IS NOT NULL THEN
    INSERT INTO account (tenant_id, account_id, program_id, version, active, pending, held, debt, lifetime_earned,
           next_activation_at, status, created_at)
    SELECT p_tenant, account_id, program_id, version, active, pending, held, debt, lifetime_earned, next_activation_at, 'active', created_at
      FROM json_populate_recordset(NULL::account, p_new_accounts);
    INSERT INTO account_member (tenant_id, account_id, customer_id, program_id, role, joined_at)
    SELECT p_tenant, account_id, customer_id, program_id, 'owner', joined_at
      FROM json_populate_recordset(NULL::account_member, p_members);
  END IF;

  -- After the customers: an anonymous receipt may have found one that is new.
  IF p_sales IS NOT NULL THEN
    UPDATE receipt r SET version = r.version + 1, state = n.state, voided_by = n.voided_by, customer_id = n.customer_id,
           customer_match = n.customer_match, linked_by = n.linked_by, account_id = n.account_id, program_version = n.program_version,
           earned = n.earned, redeemed = n.redeemed, restored = n.restored, reversed = n.reversed, counted = n.counted,
           counted_receipts = n.counted_receipts, sale_id = n.sale_id, waiting_for = n.waiting_for, total = n.total,
           fiscal_scheme = n.fiscal_scheme, fiscal_key = n.fiscal_key, fiscal_check = n.fiscal_check, detail = n.detail, answer = n.answer
      FROM json_populate_recordset(NULL::receipt, p_sales) n
     WHERE r.tenant_id = p_tenant AND r.receipt_id = n.receipt_id AND r.version = n.version;
    GET DIAGNOSTICS v_done = ROW_COUNT;
    v_expected := json_array_length(p_sales);
    IF v_done <> v_expected THEN RAISE EXCEPTION 'stale' USING ERRCODE = 'RG001'; END IF;
  END IF;

  IF p_receipts IS NOT NULL THEN
    INSERT INTO receipt (tenant_id, receipt_id, source, external_id, kind, state, version, sold_at, counts_at, business_date, recorded_at,
           store, register, shift, employee, channel, currency, total, rounding, counted, counted_receipts, customer_id, customer_match,
           account_id, program_version, earned, redeemed, restored, reversed, sale_id, linked_by, reason, waiting_for, order_id, basket_id,
           exchange_group, fiscal_scheme, fiscal_key, fiscal_check, document_hash, fiscal_hash, voided_by, detail, answer)
    SELECT p_tenant, receipt_id, source, external_id, kind, state, 1, sold_at, counts_at, business_date, recorded_at,
           store, register, shift, employee, channel, currency, total, rounding, counted, counted_receipts, customer_id, customer_match,
           account_id, program_version, earned, redeemed, restored, reversed, sale_id, linked_by, reason, waiting_for, order_id, basket_id,
           exchange_group, fiscal_scheme, fiscal_key, fiscal_check, document_hash, fiscal_hash, voided_by, detail, answer
      FROM json_populate_recordset(NULL::receipt, p_receipts);
    INSERT INTO receipt_line (tenant_id, receipt_id, line_no, line, kind, settlement, sku, gtin, name, category, brand, quantity,
           unit_price, discount, total, earned, redeemed, tender, returned_quantity, returned_total, reversed, restored, sale_line_no, detail)
    SELECT p_tenant, receipt_id, line_no, line, kind, settlement, sku, gtin, name, category, brand, quantity,
           unit_price, discount, total, earned, redeemed, tender, returned_quantity, returned_total, reversed, restored, sale_line_no, detail
      FROM json_populate_recordset(NULL::receipt_line, p_lines);
    INSERT INTO receipt_payment (tenant_id, receipt_id, payment_no, method, amount)
    SELECT p_tenant, receipt_id, payment_no, method, amount
      FROM json_populate_recordset(NULL::receipt_payment, p_payments);
  END IF;
  IF p_line_updates IS NOT NULL THEN
    -- What a line is changes once: when the sale of a return that waited is known.
    UPDATE receipt_line l SET returned_quantity = n.returned_quantity, returned_total = n.returned_total, reversed = n.reversed,
           restored = n.restored, earned = n.earned, redeemed = n.redeemed, tender = n.tender, total = n.total,
           sale_line_no = n.sale_line_no, line = n.line, kind = n.kind, settlement = n.settlement, sku = n.sku, gtin = n.gtin,
           name = n.name, category = n.category, brand = n.brand, quantity = n.quantity, unit_price = n.unit_price, detail = n.detail
      FROM json_populate_recordset(NULL::receipt_line, p_line_updates) n
     WHERE l.tenant_id = p_tenant AND l.receipt_id = n.receipt_id AND l.line_no = n.line_no;
  END IF;
  IF p_metrics IS NOT NULL THEN
    INSERT INTO customer_metrics AS m (tenant_id, customer_id, currency, receipts, sales_total, returns_total, first_at, last_at)
    SELECT p_tenant, customer_id, currency, receipts, sales_total, returns_total, first_at, last_at
      FROM json_populate_recordset(NULL::customer_metrics, p_metrics) ORDER BY customer_id, currency
    ON CONFLICT (tenant_id, customer_id, currency) DO UPDATE SET receipts = m.receipts + excluded.receipts,
       sales_total = m.sales_total + excluded.sales_total, returns_total = m.returns_total + excluded.returns_total,
       first_at = least(m.first_at, excluded.first_at), last_at = greatest(m.last_at, excluded.last_at);
  END IF;

  IF p_recount IS NOT NULL THEN
    UPDATE customer_metrics m SET first_at = w.first_at, last_at = w.last_at
      FROM (SELECT c.customer_id, m2.currency, min(r.counts_at) AS first_at, max(r.counts_at) AS last_at
              FROM unnest(p_recount) AS c (customer_id)
              JOIN customer_metrics m2 ON m2.tenant_id = p_tenant AND m2.customer_id = c.customer_id
              LEFT JOIN receipt r ON r.tenant_id = p_tenant AND r.customer_id = c.customer_id AND r.currency = m2.currency
               AND r.kind = 'sale' AND r.state = 'recorded' AND r.counted_receipts > 0
             GROUP BY c.customer_id, m2.currency) w
     WHERE m.tenant_id = p_tenant AND m.customer_id = w.customer_id AND m.currency = w.currency;
  END IF;
  IF p_parked IS NOT NULL THEN
    INSERT INTO parked_document (tenant_id, parked_id, reason, source, external_id, content_hash, receipt_id, recorded, received,
           sealed, state, created_at)
    SELECT p_tenant, parked_id, reason, source, external_id, content_hash, receipt_id, recorded, received, sealed, 'open', created_at
      FROM json_populate_recordset(NULL::parked_document, p_parked)
    ON CONFLICT (tenant_id, source, external_id, content_hash) DO NOTHING;
  END IF;

  IF p_lots IS NOT NULL THEN
    INSERT INTO lot (tenant_id, account_id, lot_id, amount, remaining, reserved, expired, open, state, activates_at, expires_at, origin,
           receipt_id, line, rule, program_version, parent_lot_id, funding_store, qualifying, root_customer_id, created_at)
    SELECT p_tenant, account_id, lot_id, amount, remaining, reserved, expired, open, state, activates_at, expires_at, origin,
           receipt_id, line, rule, program_version, parent_lot_id, funding_store, qualifying, root_customer_id, created_at
      FROM json_populate_recordset(NULL::lot, p_lots);
  END IF;
  IF p_lot_changes IS NOT NULL THEN
    -- `amount` carries the change here: a decrement under CHECK (remaining >= 0) is the second belt against a stale read.
    UPDATE lot l SET remaining = l.remaining + n.amount, reserved = l.reserved + n.reserved, expired = l.expired + n.expired, open = n.open, state = n.state
      FROM json_populate_recordset(NULL::lot, p_lot_changes) n
     WHERE l.tenant_id = p_tenant AND l.account_id = n.account_id AND l.lot_id = n.lot_id;
  END IF;
  IF p_entries IS NOT NULL THEN
    INSERT INTO entry (tenant_id, account_id, seq, entry_id, kind, points, at, recorded_at, document_type, document_id,
           reason, program_version, actor, note)
    SELECT p_tenant, account_id, seq, entry_id, kind, points, at, recorded_at, document_type, document_id,
           reason, program_version, actor, note
      FROM json_populate_recordset(NULL::entry, p_entries);
  END IF;
  IF p_allocations IS NOT NULL THEN
    INSERT INTO allocation (tenant_id, account_id, seq, lot_id, points)
    SELECT p_tenant, account_id, seq, lot_id, points FROM json_populate_recordset(NULL::allocation, p_allocations);
  END IF;

  IF p_events IS NOT NULL THEN
    INSERT INTO event (tenant_id, event_id, type, object_type, object_id, customer_id, actor_kind, actor_id, actor_role, occurred_at,
           recorded_at, changes, data, detail)
    SELECT p_tenant, event_id, type, object_type, object_id, customer_id, actor_kind, actor_id, actor_role, occurred_at,
           recorded_at, changes, data, detail
      FROM json_populate_recordset(NULL::event, p_events);
  END IF;
  IF p_places IS NOT NULL THEN
    INSERT INTO store (tenant_id, store_id, code, confirmed, created_at, updated_at)
    SELECT p_tenant, (x->>'id')::uuid, x->>'store', false, v_now, v_now
      FROM json_array_elements(p_places) x WHERE x->>'what' = 'store' ON CONFLICT DO NOTHING;
    INSERT INTO register (tenant_id, register_id, store_code, code, confirmed, created_at, updated_at)
    SELECT p_tenant, (x->>'id')::uuid, x->>'store', x->>'code', false, v_now, v_now
      FROM json_array_elements(p_places) x WHERE x->>'what' = 'register' ON CONFLICT DO NOTHING;
    INSERT INTO employee (tenant_id, employee_id, code, store_code, confirmed, created_at, updated_at)
    SELECT p_tenant, (x->>'id')::uuid, x->>'code', x->>'store', false, v_now, v_now
      FROM json_array_elements(p_places) x WHERE x->>'what' = 'employee' ON CONFLICT DO NOTHING;
  END IF;
  IF p_idempotency IS NOT NULL THEN
    INSERT INTO idempotency (tenant_id, key_hash, operation, request_hash, state, status, day, receipt_id, created_at)
    SELECT p_tenant, key_hash, operation, request_hash, 'done', status, day, receipt_id, created_at
      FROM json_populate_recordset(NULL::idempotency, p_idempotency);
    INSERT INTO idempotency_answer (tenant_id, day, key_hash, headers, sealed)
    SELECT p_tenant, day, key_hash, '{}', sealed FROM json_populate_recordset(NULL::idempotency_answer, p_idempotency);
  END IF;
  IF p_aliases IS NOT NULL THEN
    INSERT INTO receipt_alias (tenant_id, source, external_id, receipt_id, recorded_at)
    SELECT p_tenant, source, external_id, receipt_id, v_now FROM json_populate_recordset(NULL::receipt_alias, p_aliases);
  END IF;
END $$;
