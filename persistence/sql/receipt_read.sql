-- Everything the rules of the till need, in one round trip. Reads only; no rule lives here.
-- The tenant is set by a statement of its own: in a CTE of the same statement the planner would move the policy before it.
CREATE OR REPLACE FUNCTION receipt_read(
  p_tenant uuid,
  p_sources text[], p_externals text[],
  p_fiscal_schemes text[], p_fiscal_keys text[],
  p_types text[], p_blinds bytea[],
  p_customers uuid[],
  p_idempotency bytea[],
  p_sales uuid[], p_sale_sources text[], p_sale_externals text[], p_sale_schemes text[], p_sale_fiscals text[], p_sale_orders text[],
  p_waiting text[],
  p_lots integer
) RETURNS json LANGUAGE plpgsql AS $$
DECLARE
  v_config bigint;
  v_status text;
  v_known json;
  v_keys json;
  v_found json;
  v_people uuid[];
  v_customers json;
  v_sale_ids uuid[] := p_sales;
  v_accounts uuid[];
  v_sales json;
  v_waiting json;
  v_members json;
  v_books json;
  v_lots json;
  v_spent json;
BEGIN
  PERFORM set_config('app.tenant_id', p_tenant::text, true);

  SELECT config_version, status INTO v_config, v_status FROM platform.tenant WHERE tenant_id = p_tenant;

  SELECT json_agg(json_build_object('source', r.source, 'external_id', r.external_id, 'fiscal_scheme', r.fiscal_scheme,
           'fiscal_key', r.fiscal_key, 'fiscal_check', r.fiscal_check, 'receipt_id', r.receipt_id, 'kind', r.kind, 'state', r.state,
           'customer_id', r.customer_id, 'account_id', r.account_id,
           'document_hash', encode(r.document_hash, 'hex'), 'fiscal_hash', encode(r.fiscal_hash, 'hex'),
           'answer', encode(r.answer, 'base64')))
    INTO v_known
    FROM (
      SELECT k.* FROM unnest(p_sources, p_externals) AS w (source, external_id)
        JOIN receipt k ON k.tenant_id = p_tenant AND k.source = w.source AND k.external_id = w.external_id
      UNION
      SELECT k.* FROM unnest(p_fiscal_schemes, p_fiscal_keys) AS w (scheme, key)
        JOIN receipt k ON k.tenant_id = p_tenant AND k.fiscal_scheme = w.scheme AND k.fiscal_key = w.key
    ) r;

  IF p_idempotency IS NOT NULL THEN
    SELECT json_agg(json_build_object('key_hash', encode(i.key_hash, 'hex'), 'request_hash', encode(i.request_hash, 'hex'),
             'state', i.state, 'status', i.status, 'day', i.day, 'receipt_id', i.receipt_id,
             'answer', encode(r.answer, 'base64')))
      INTO v_keys
      FROM idempotency i
      LEFT JOIN receipt r ON r.tenant_id = p_tenant AND r.receipt_id = i.receipt_id
     WHERE i.tenant_id = p_tenant AND i.key_hash = ANY (p_idempotency);
  END IF;

  IF p_types IS NOT NULL THEN
    SELECT json_agg(json_build_object('type', i.type, 'blind', encode(i.blind, 'hex'), 'identifier_id', i.identifier_id,
             'customer_id', i.customer_id, 'status', i.status, 'verified', i.verified_at IS NOT NULL,
             'last_used_at', i.last_used_at)),
           array_agg(i.customer_id)
      INTO v_found, v_people
      FROM unnest(p_types, p_blinds) AS w (type, blind)
      JOIN identifier i ON i.tenant_id = p_tenant AND i.type = w.type AND i.blind = w.blind
     WHERE i.status IN ('active', 'shared', 'quarantined');
  END IF;
  v_people := array_cat(v_people, p_customers);

  IF p_sale_sources IS NOT NULL THEN
    v_sale_ids := array_cat(v_sale_ids, (SELECT array_agg(k.receipt_id)
      FROM unnest(p_sale_sources, p_sale_externals) AS w (source, external_id)
      JOIN receipt k ON k.tenant_id = p_tenant AND k.source = w.source AND k.external_id = w.external_id));
  END IF;
  IF p_sale_fiscals IS NOT NULL THEN
    v_sale_ids := array_cat(v_sale_ids, (SELECT array_agg(k.receipt_id)
      FROM unnest(p_sale_schemes, p_sale_fiscals) AS w (scheme, key)
      JOIN receipt k ON k.tenant_id = p_tenant AND k.fiscal_scheme = w.scheme AND k.fiscal_key = w.key));
  END IF;
  IF p_sale_orders IS NOT NULL THEN
    v_sale_ids := array_cat(v_sale_ids, (SELECT array_agg(k.receipt_id)
      FROM receipt k WHERE k.tenant_id = p_tenant AND k.order_id = ANY (p_sale_orders) AND k.kind = 'sale'));
  END IF;
  IF p_waiting IS NOT NULL THEN
    SELECT json_agg(json_build_object('receipt_id', w.receipt_id, 'kind', w.kind, 'waiting_for', w.waiting_for, 'version', w.version,
             'sold_at', w.sold_at, 'recorded_at', w.recorded_at, 'source', w.source, 'external_id', w.external_id,
             'currency', w.currency, 'reason', w.reason, 'detail', w.detail, 'answer', encode(w.answer, 'base64'),
             'lines', (SELECT json_agg(l ORDER BY l.line_no) FROM receipt_line l
                        WHERE l.tenant_id = p_tenant AND l.receipt_id = w.receipt_id)) ORDER BY w.sold_at, w.receipt_id)
      INTO v_waiting
      FROM receipt w WHERE w.tenant_id = p_tenant AND w.waiting_for = ANY (p_waiting);
  END IF;
  -- A return or a void that is itself voided, and the returns of a sale that is: one step down and one step up.
  IF v_sale_ids IS NOT NULL THEN
    v_sale_ids := array_cat(v_sale_ids, (SELECT array_agg(k.sale_id) FROM receipt k
      WHERE k.tenant_id = p_tenant AND k.receipt_id = ANY (v_sale_ids) AND k.sale_id IS NOT NULL));
    v_sale_ids := array_cat(v_sale_ids, (SELECT array_agg(k.receipt_id) FROM receipt k
      WHERE k.tenant_id = p_tenant AND k.sale_id = ANY (v_sale_ids)));
    SELECT json_agg(json_build_object('receipt', r, 'answer', encode(r.answer, 'base64'),
             'lines', (SELECT json_agg(l ORDER BY l.line_no) FROM receipt_line l
                        WHERE l.tenant_id = p_tenant AND l.receipt_id = r.receipt_id))),
           array_agg(r.account_id) FILTER (WHERE r.account_id IS NOT NULL),
           array_cat(v_people, array_agg(r.customer_id) FILTER (WHERE r.customer_id IS NOT NULL))
      INTO v_sales, v_accounts, v_people
      FROM receipt r WHERE r.tenant_id = p_tenant AND r.receipt_id = ANY (v_sale_ids);
  END IF;

  IF v_people IS NOT NULL THEN
    SELECT json_agg(json_build_object('customer_id', c.customer_id, 'canonical_id', c.canonical_id, 'state', c.state,
             'is_staff', c.is_staff)),
           array_agg(c.canonical_id)
      INTO v_customers, v_people
      FROM customer c WHERE c.tenant_id = p_tenant AND c.customer_id = ANY (v_people);
    SELECT json_agg(json_build_object('customer_id', m.customer_id, 'account_id', m.account_id, 'program_id', m.program_id)),
           array_cat(v_accounts, array_agg(m.account_id))
      INTO v_members, v_accounts
      FROM account_member m WHERE m.tenant_id = p_tenant AND m.customer_id = ANY (v_people) AND m.left_at IS NULL;
  END IF;
  IF v_accounts IS NOT NULL THEN
    SELECT json_agg(a) INTO v_books FROM account a WHERE a.tenant_id = p_tenant AND a.account_id = ANY (v_accounts);
    SELECT json_agg(l.lot) INTO v_lots
      FROM (SELECT DISTINCT unnest(v_accounts) AS account_id) w,
      LATERAL (SELECT to_json(o) AS lot FROM lot o
                WHERE o.tenant_id = p_tenant AND o.account_id = w.account_id AND o.open
                ORDER BY o.expires_at, o.lot_id LIMIT p_lots) l;
  END IF;
  -- Which lots paid what: returns and voids give points back to the lots they came from.
  IF v_sale_ids IS NOT NULL AND v_accounts IS NOT NULL THEN
    SELECT json_agg(json_build_object('account_id', e.account_id, 'seq', e.seq, 'kind', e.kind, 'points', e.points,
             'document_type', e.document_type, 'document_id', e.document_id, 'at', e.at, 'reason', e.reason,
             'program_version', e.program_version, 'entry_id', e.entry_id,
             'allocations', (SELECT json_agg(json_build_object('lot_id', x.lot_id, 'points', x.points)) FROM allocation x
                              WHERE x.tenant_id = p_tenant AND x.account_id = e.account_id AND x.seq = e.seq))
             ORDER BY e.account_id, e.seq)
      INTO v_spent
      FROM entry e
     WHERE e.tenant_id = p_tenant AND e.account_id = ANY (v_accounts) AND e.document_id = ANY (v_sale_ids);
    SELECT json_agg(to_json(o)) INTO v_lots
      FROM lot o
     WHERE o.tenant_id = p_tenant AND o.account_id = ANY (v_accounts)
       AND (o.open OR o.receipt_id = ANY (v_sale_ids) OR EXISTS (
              SELECT 1 FROM allocation x JOIN entry e ON e.tenant_id = p_tenant AND e.account_id = x.account_id AND e.seq = x.seq
               WHERE x.tenant_id = p_tenant AND x.account_id = o.account_id AND x.lot_id = o.lot_id
                 AND e.document_id = ANY (v_sale_ids)));
  END IF;

  RETURN json_build_object('config_version', v_config, 'status', v_status, 'known', v_known, 'keys', v_keys, 'identifiers', v_found,
    'customers', v_customers, 'members', v_members, 'accounts', v_books, 'lots', v_lots, 'sales', v_sales,
    'entries', v_spent, 'waiting', v_waiting);
END $$;
