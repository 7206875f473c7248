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

DO $$
DECLARE
  app text := current_setting('regulars.app_role');
BEGIN
  REVOKE EXECUTE ON FUNCTION platform.tenants_with_events(integer), platform.event_lag() FROM PUBLIC;
  EXECUTE format('GRANT EXECUTE ON FUNCTION platform.tenants_with_events(integer), platform.event_lag() TO %I', app);
END $$;
