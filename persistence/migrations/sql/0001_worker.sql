-- What the worker asks across tenants. It sees no row of any shop itself; these functions run as the owner and answer with
-- tenant ids and counts only.
CREATE INDEX turn_due ON platform.turn (kind, due_at);

-- Tenants with committed events that have no position yet. LATERAL with LIMIT keeps it one index probe per tenant.
CREATE FUNCTION platform.tenants_with_events(enough integer) RETURNS SETOF uuid LANGUAGE sql STABLE SECURITY DEFINER
  SET search_path = pg_catalog, public AS $$
  SELECT t.tenant_id
  FROM platform.tenant t
  LEFT JOIN platform.turn p ON p.tenant_id = t.tenant_id AND p.kind = 'positions'
  CROSS JOIN LATERAL (
    SELECT 1 FROM public.event e
    WHERE e.tenant_id = t.tenant_id
      AND e.xid >= CASE WHEN p.cursor IS NULL THEN 0 ELSE p.cursor END
      AND e.xid < pg_snapshot_xmin(pg_current_snapshot())::text::bigint
    ORDER BY e.xid LIMIT 1
  ) fresh
  LIMIT enough
$$;

-- How far behind positions are: events without one, and the age of the oldest; for health checks and `doctor`.
CREATE FUNCTION platform.event_lag(OUT waiting bigint, OUT oldest timestamptz) LANGUAGE sql STABLE SECURITY DEFINER
  SET search_path = pg_catalog, public AS $$
  SELECT count(*), min(e.recorded_at)
  FROM platform.tenant t
  LEFT JOIN platform.turn p ON p.tenant_id = t.tenant_id AND p.kind = 'positions'
  CROSS JOIN LATERAL (
    SELECT recorded_at FROM public.event e
    WHERE e.tenant_id = t.tenant_id AND e.xid >= CASE WHEN p.cursor IS NULL THEN 0 ELSE p.cursor END
    ORDER BY e.xid LIMIT 1000
  ) e
$$;

-- A dump that was restored into another server brings transaction ids of its old one along: cursors and events then lie
-- above anything this server has given out, and new events would never be positioned. Such shops' events get positions by
-- time where they have none, and ids below every cursor. Returns how many shops that were; normally none, at the price of
-- two index probes each.
CREATE FUNCTION platform.adopt_events() RETURNS integer LANGUAGE plpgsql SECURITY DEFINER
  SET search_path = pg_catalog, public AS $$
DECLARE
  t record;
  adopted integer := 0;
BEGIN
  FOR t IN
    -- one snapshot for both sides: what it sees of this server's own lies below its xmax
    SELECT p.tenant_id FROM platform.turn p
    WHERE p.kind = 'positions'
      AND greatest(p.cursor, (SELECT e.xid FROM public.event e WHERE e.tenant_id = p.tenant_id ORDER BY e.xid DESC LIMIT 1))
          > pg_snapshot_xmax(pg_current_snapshot())::text::bigint
    FOR UPDATE
  LOOP
    INSERT INTO public.event_position (tenant_id, position, event_id)
    SELECT t.tenant_id,
           (SELECT count(*) FROM public.event_position WHERE tenant_id = t.tenant_id)
           + row_number() OVER (ORDER BY e.recorded_at, e.event_id), e.event_id
    FROM public.event e
    WHERE e.tenant_id = t.tenant_id
      AND NOT EXISTS (SELECT FROM public.event_position p WHERE p.tenant_id = t.tenant_id AND p.event_id = e.event_id);
    UPDATE public.event SET xid = 0 WHERE tenant_id = t.tenant_id;
    UPDATE platform.turn SET cursor = 1 WHERE tenant_id = t.tenant_id AND kind = 'positions';
    adopted := adopted + 1;
  END LOOP;
  RETURN adopted;
END $$;

DO $$
DECLARE
  app text := current_setting('regulars.app_role');
BEGIN
  REVOKE EXECUTE ON FUNCTION platform.tenants_with_events(integer), platform.event_lag(), platform.adopt_events() FROM PUBLIC;
  EXECUTE format('GRANT EXECUTE ON FUNCTION platform.tenants_with_events(integer), platform.event_lag(), platform.adopt_events() TO %I', app);
END $$;
