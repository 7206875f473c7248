-- Who has the presented identifiers, and what the till shows of the one it is, in one round trip. Reads only; no rule lives here.
-- The tenant is set by a statement of its own: in a CTE of the same statement the planner would move the policy before it.
-- p_customer in place of identifiers reads one customer, the survivor where it was merged. Everything about a person comes
-- only when there is one; of several (at most p_people) just what a candidate's name needs.
CREATE OR REPLACE FUNCTION resolve_read(
  p_tenant uuid, p_types text[], p_blinds bytea[], p_customer uuid, p_people integer, p_lots integer
) RETURNS json LANGUAGE plpgsql AS $$
DECLARE
  v_config bigint;
  v_status text;
  v_hits json;
  v_ids uuid[];
  v_people json;
  v_identifiers json;
  v_notes json;
  v_account uuid;
  v_book json;
  v_lots json;
BEGIN
  PERFORM set_config('app.tenant_id', p_tenant::text, true);

  SELECT config_version, status INTO v_config, v_status FROM platform.tenant WHERE tenant_id = p_tenant;

  IF p_customer IS NULL THEN
    SELECT json_agg(json_build_object('position', w.position, 'customer_id', h.customer_id, 'status', h.status,
             'verified', h.verified_at IS NOT NULL, 'used', greatest(h.last_used_at, h.verified_at, h.created_at))),
           array_agg(DISTINCT h.customer_id) FILTER (WHERE h.status IN ('active', 'shared', 'retired'))
      INTO v_hits, v_ids
      FROM unnest(p_types, p_blinds) WITH ORDINALITY AS w (type, blind, position),
      LATERAL (
        SELECT i.customer_id, i.status, i.verified_at, i.last_used_at, i.created_at FROM identifier i
         WHERE i.tenant_id = p_tenant AND i.type = w.type AND i.blind = w.blind AND i.status <> 'reassigned'
         ORDER BY i.status = 'retired', i.status, i.identifier_id
         LIMIT p_people
      ) h;
  ELSE
    SELECT array_agg(c.canonical_id) INTO v_ids
      FROM customer c WHERE c.tenant_id = p_tenant AND c.customer_id = p_customer;
  END IF;

  IF v_ids IS NOT NULL THEN
    SELECT json_agg(json_build_object('customer_id', c.customer_id, 'state', c.state, 'profile', encode(c.profile, 'hex'),
             'kek_version', k.kek_version, 'wrapped', encode(k.wrapped, 'hex'), 'commitment', encode(k.commitment, 'hex')))
      INTO v_people
      FROM customer c
      LEFT JOIN keystore.customer_key k ON k.tenant_id = p_tenant AND k.customer_id = c.customer_id
     WHERE c.tenant_id = p_tenant AND c.customer_id = ANY (v_ids[1:p_people]);
  END IF;
  IF array_length(v_ids, 1) = 1 THEN
    SELECT json_agg(json_build_object('type', i.type, 'sealed', encode(i.sealed, 'hex'), 'primary', i.is_primary, 'status', i.status,
             'verified', i.verified_at IS NOT NULL) ORDER BY i.identifier_id)
      INTO v_identifiers
      FROM identifier i
     WHERE i.tenant_id = p_tenant AND i.customer_id = v_ids[1] AND i.status IN ('active', 'shared');
    SELECT json_agg(encode(n.sealed, 'hex') ORDER BY n.created_at)
      INTO v_notes
      FROM note n
     WHERE n.tenant_id = p_tenant AND n.customer_id = v_ids[1] AND n.pinned AND n.visibility = 'till' AND n.deleted_at IS NULL;
    SELECT m.account_id INTO v_account
      FROM account_member m
     WHERE m.tenant_id = p_tenant AND m.customer_id = v_ids[1] AND m.left_at IS NULL
     ORDER BY m.joined_at LIMIT 1;
    IF v_account IS NOT NULL THEN
      SELECT to_json(a) INTO v_book FROM account a WHERE a.tenant_id = p_tenant AND a.account_id = v_account;
      SELECT json_agg(l.lot) INTO v_lots
        FROM (SELECT to_json(o) AS lot FROM lot o
               WHERE o.tenant_id = p_tenant AND o.account_id = v_account AND o.open
               ORDER BY o.expires_at, o.lot_id LIMIT p_lots) l;
    END IF;
  END IF;

  RETURN json_build_object('config_version', v_config, 'status', v_status, 'hits', v_hits, 'people', v_people,
    'identifiers', v_identifiers, 'notes', v_notes, 'account', v_book, 'lots', v_lots);
END $$;
