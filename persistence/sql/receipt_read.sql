-- Everything the rules of the till need, in one round trip. Reads only; no rule lives here.
-- The tenant is set by a statement of its own: in a CTE of the same statement the planner would move the policy before it.
-- p_deep asks for what returns, voids and reassignments need: the relatives of each document, its entries, all lots.
CREATE OR REPLACE FUNCTION receipt_read(
  p_tenant uuid,
  p_sources text[], p_externals text[],
  p_schemes text[], p_fiscals text[],
  p_orders text[], p_receipts uuid[], p_waiting text[],
  p_types text[], p_blinds bytea[], p_customers uuid[],
  p_idempotency bytea[],
  p_recent timestamptz, p_deep boolean, p_lots integer
) RETURNS json LANGUAGE plpgsql AS $$
DECLARE
  v_config bigint;
  v_status text;
  v_ids uuid[] := p_receipts;
  v_more uuid[];
  v_documents json;
  v_keys json;
  v_aliases json;
  v_found json;
  v_people uuid[] := p_customers;
  v_customers json;
  v_accounts uuid[];
  v_members json;
  v_books json;
  v_lots json;
  v_entries json;
BEGIN
  PERFORM set_config('app.tenant_id', p_tenant::text, true);

  SELECT config_version, status INTO v_config, v_status FROM platform.tenant WHERE tenant_id = p_tenant;

  IF p_types IS NOT NULL THEN
    SELECT json_agg(json_build_object('type', i.type, 'blind', encode(i.blind, 'hex'), 'identifier_id', i.identifier_id,
             'customer_id', i.customer_id, 'status', i.status, 'verified', i.verified_at IS NOT NULL,
             'last_used_at', i.last_used_at)),
           array_agg(i.customer_id)
      INTO v_found, v_more
      FROM unnest(p_types, p_blinds) AS w (type, blind)
      JOIN identifier i ON i.tenant_id = p_tenant AND i.type = w.type AND i.blind = w.blind
     WHERE i.status IN ('active', 'shared', 'quarantined');
    v_people := array_cat(v_people, v_more);
  END IF;

  -- Where a return names no sale: what these people bought lately.
  IF p_recent IS NOT NULL AND v_people IS NOT NULL THEN
    SELECT array_agg(k.receipt_id) INTO v_more
      FROM (SELECT c.canonical_id AS customer_id FROM customer c WHERE c.tenant_id = p_tenant AND c.customer_id = ANY (v_people)
            UNION
            -- Those merged into them, by the index that holds merged parties only.
            SELECT m.customer_id FROM customer c
              JOIN customer m ON m.tenant_id = p_tenant AND m.canonical_id = c.canonical_id AND m.canonical_id <> m.customer_id
             WHERE c.tenant_id = p_tenant AND c.customer_id = ANY (v_people)) root
      JOIN receipt k ON k.tenant_id = p_tenant AND k.customer_id = root.customer_id AND k.sold_at >= p_recent AND k.kind = 'sale';
    v_ids := array_cat(v_ids, v_more);
  END IF;
  IF p_sources IS NOT NULL THEN
    SELECT array_agg(k.receipt_id) INTO v_more FROM unnest(p_sources, p_externals) AS w (source, external_id)
      JOIN receipt k ON k.tenant_id = p_tenant AND k.source = w.source AND k.external_id = w.external_id;
    v_ids := array_cat(v_ids, v_more);
    SELECT json_agg(k), array_agg(k.receipt_id) INTO v_aliases, v_more FROM unnest(p_sources, p_externals) AS w (source, external_id)
      JOIN receipt_alias k ON k.tenant_id = p_tenant AND k.source = w.source AND k.external_id = w.external_id;
    v_ids := array_cat(v_ids, v_more);
  END IF;
  IF p_fiscals IS NOT NULL THEN
    SELECT array_agg(k.receipt_id) INTO v_more FROM unnest(p_schemes, p_fiscals) AS w (scheme, key)
      JOIN receipt k ON k.tenant_id = p_tenant AND k.fiscal_scheme = w.scheme AND k.fiscal_key = w.key;
    v_ids := array_cat(v_ids, v_more);
    IF 'qr' = ANY (p_schemes) THEN
      SELECT array_agg(k.receipt_id) INTO v_more FROM unnest(p_schemes, p_fiscals) AS w (scheme, key)
        JOIN receipt k ON k.tenant_id = p_tenant AND k.fiscal_scheme = 'other' AND k.fiscal_check = w.key
       WHERE w.scheme = 'qr';
      v_ids := array_cat(v_ids, v_more);
    END IF;
  END IF;
  IF p_orders IS NOT NULL THEN
    SELECT array_agg(k.receipt_id) INTO v_more FROM receipt k
     WHERE k.tenant_id = p_tenant AND k.order_id = ANY (p_orders) AND k.kind = 'sale';
    v_ids := array_cat(v_ids, v_more);
  END IF;
  IF p_waiting IS NOT NULL THEN
    SELECT array_agg(k.receipt_id) INTO v_more FROM receipt k WHERE k.tenant_id = p_tenant AND k.waiting_for = ANY (p_waiting);
    v_ids := array_cat(v_ids, v_more);
    p_deep := p_deep OR v_more IS NOT NULL;
  END IF;
  IF v_ids IS NOT NULL THEN
    IF p_deep THEN
      SELECT array_agg(k.sale_id) INTO v_more FROM receipt k
       WHERE k.tenant_id = p_tenant AND k.receipt_id = ANY (v_ids) AND k.sale_id IS NOT NULL;
      v_ids := array_cat(v_ids, v_more);
      SELECT array_agg(k.receipt_id) INTO v_more FROM receipt k WHERE k.tenant_id = p_tenant AND k.sale_id = ANY (v_ids);
      v_ids := array_cat(v_ids, v_more);
    END IF;
    SELECT json_agg(json_build_object('receipt', r, 'lines',
             (SELECT json_agg(l ORDER BY l.line_no) FROM receipt_line l WHERE l.tenant_id = p_tenant AND l.receipt_id = r.receipt_id))
             ORDER BY r.sold_at, r.receipt_id),
           array_agg(r.account_id) FILTER (WHERE r.account_id IS NOT NULL),
           array_agg(r.customer_id) FILTER (WHERE r.customer_id IS NOT NULL)
      INTO v_documents, v_accounts, v_more
      FROM receipt r WHERE r.tenant_id = p_tenant AND r.receipt_id = ANY (v_ids);
    v_people := array_cat(v_people, v_more);
  END IF;

  IF p_idempotency IS NOT NULL THEN
    SELECT json_agg(json_build_object('key_hash', encode(i.key_hash, 'hex'), 'request_hash', encode(i.request_hash, 'hex'),
             'state', i.state, 'status', i.status, 'day', i.day, 'receipt_id', i.receipt_id,
             'answer', (SELECT encode(w.sealed, 'hex') FROM idempotency_answer w
                         WHERE w.tenant_id = p_tenant AND w.day = i.day AND w.key_hash = i.key_hash)))
      INTO v_keys FROM idempotency i WHERE i.tenant_id = p_tenant AND i.key_hash = ANY (p_idempotency);
  END IF;

  IF v_people IS NOT NULL THEN
    SELECT json_agg(json_build_object('customer_id', c.customer_id, 'canonical_id', c.canonical_id, 'state', c.state,
             'is_staff', c.is_staff)),
           array_agg(c.canonical_id)
      INTO v_customers, v_people
      FROM customer c WHERE c.tenant_id = p_tenant AND c.customer_id = ANY (v_people);
    SELECT json_agg(json_build_object('customer_id', m.customer_id, 'account_id', m.account_id, 'program_id', m.program_id)),
           array_agg(m.account_id)
      INTO v_members, v_more
      FROM account_member m WHERE m.tenant_id = p_tenant AND m.customer_id = ANY (v_people) AND m.left_at IS NULL;
    v_accounts := array_cat(v_accounts, v_more);
  END IF;
  IF v_accounts IS NOT NULL THEN
    SELECT json_agg(a) INTO v_books FROM account a WHERE a.tenant_id = p_tenant AND a.account_id = ANY (v_accounts);
    IF p_deep THEN
      SELECT json_agg(json_build_object('account_id', e.account_id, 'seq', e.seq, 'entry_id', e.entry_id, 'kind', e.kind,
               'points', e.points, 'at', e.at, 'document_type', e.document_type, 'document_id', e.document_id, 'reason', e.reason,
               'program_version', e.program_version,
               'allocations', (SELECT json_agg(json_build_array(x.lot_id, x.points)) FROM allocation x
                                WHERE x.tenant_id = p_tenant AND x.account_id = e.account_id AND x.seq = e.seq))
               ORDER BY e.account_id, e.seq)
        INTO v_entries
        FROM entry e WHERE e.tenant_id = p_tenant AND e.account_id = ANY (v_accounts) AND e.document_id = ANY (v_ids);
      SELECT json_agg(o ORDER BY o.expires_at, o.lot_id) INTO v_lots
        FROM lot o
       WHERE o.tenant_id = p_tenant AND o.account_id = ANY (v_accounts)
         AND (o.open OR o.receipt_id = ANY (v_ids) OR o.lot_id IN (
                SELECT x.lot_id FROM entry e
                  JOIN allocation x ON x.tenant_id = p_tenant AND x.account_id = e.account_id AND x.seq = e.seq
                 WHERE e.tenant_id = p_tenant AND e.account_id = ANY (v_accounts) AND e.document_id = ANY (v_ids)));
    ELSE
      SELECT json_agg(l.lot) INTO v_lots
        FROM (SELECT DISTINCT unnest(v_accounts) AS account_id) w,
        LATERAL (SELECT to_json(o) AS lot FROM lot o
                  WHERE o.tenant_id = p_tenant AND o.account_id = w.account_id AND o.open
                  ORDER BY o.expires_at, o.lot_id LIMIT p_lots) l;
    END IF;
  END IF;

  RETURN json_build_object('config_version', v_config, 'status', v_status, 'documents', v_documents, 'keys', v_keys,
    'aliases', v_aliases,
    'identifiers', v_found, 'customers', v_customers, 'members', v_members, 'accounts', v_books, 'lots', v_lots,
    'entries', v_entries, 'deep', p_deep);
END $$;
