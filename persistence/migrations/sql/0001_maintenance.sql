-- Day partitions of stored answers. The application role may not run DDL, so this one function does it for the worker:
-- it makes the partitions of the coming week and drops those older than the 30 days that a key is kept.
CREATE FUNCTION platform.keep_answer_partitions(today date) RETURNS integer LANGUAGE plpgsql SECURITY DEFINER
  SET search_path = pg_catalog, public AS $$
DECLARE
  d date;
  old record;
  changed integer := 0;
BEGIN
  FOR i IN 0..7 LOOP
    d := today + i;
    IF to_regclass(format('public.idempotency_answer_%s', to_char(d, 'YYYYMMDD'))) IS NULL
       AND NOT EXISTS (SELECT 1 FROM public.idempotency_answer_rest WHERE day = d) THEN
      EXECUTE format('CREATE TABLE public.idempotency_answer_%s PARTITION OF public.idempotency_answer FOR VALUES FROM (%L) TO (%L)',
                     to_char(d, 'YYYYMMDD'), d, d + 1);
      EXECUTE format('ALTER TABLE public.idempotency_answer_%s ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY',
                     to_char(d, 'YYYYMMDD'));
      EXECUTE format('CREATE POLICY owner_all ON public.idempotency_answer_%s TO %I USING (true) WITH CHECK (true)',
                     to_char(d, 'YYYYMMDD'), current_user);
      changed := changed + 1;
    END IF;
  END LOOP;
  FOR old IN
    SELECT c.relname FROM pg_catalog.pg_inherits i JOIN pg_catalog.pg_class c ON c.oid = i.inhrelid
    WHERE i.inhparent = 'public.idempotency_answer'::regclass AND c.relname ~ '_[0-9]{8}$'
      AND to_date(right(c.relname, 8), 'YYYYMMDD') < today - 31
  LOOP
    EXECUTE format('DROP TABLE public.%I', old.relname);
    changed := changed + 1;
  END LOOP;
  RETURN changed;
END $$;

-- The wall between tenants: every table of a tenant gets forced row-level security with exactly two policies.
-- owner_all is there because without it a data migration changes 0 rows silently and pg_dump dumps nothing.
CREATE FUNCTION platform.wall(app_role text) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
  t record;
BEGIN
  FOR t IN
    SELECT n.nspname, c.relname, c.relispartition FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
    WHERE c.relkind IN ('r', 'p') AND n.nspname IN ('public', 'keystore') AND NOT c.relrowsecurity
      AND (n.nspname, c.relname) NOT IN (('keystore', 'root_check'), ('public', 'alembic_version'))
  LOOP
    EXECUTE format('ALTER TABLE %I.%I ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY', t.nspname, t.relname);
    EXECUTE format('CREATE POLICY owner_all ON %I.%I TO %I USING (true) WITH CHECK (true)', t.nspname, t.relname, current_user);
    CONTINUE WHEN t.relispartition;  -- a partition is readable past its parent's policy: the application gets no grant
    EXECUTE format('CREATE POLICY tenant ON %I.%I TO %I USING (tenant_id = current_tenant()) WITH CHECK (tenant_id = current_tenant())',
                   t.nspname, t.relname, app_role);
    EXECUTE format('GRANT SELECT, INSERT, UPDATE, DELETE ON %I.%I TO %I', t.nspname, t.relname, app_role);
  END LOOP;
END $$;

DO $$
DECLARE
  app text := current_setting('regulars.app_role');
BEGIN
  EXECUTE format('GRANT USAGE ON SCHEMA public, platform, keystore TO %I', app);
  EXECUTE format('GRANT SELECT, INSERT, UPDATE ON platform.tenant, platform.operator_key TO %I', app);
  EXECUTE format('GRANT SELECT, INSERT, UPDATE, DELETE ON platform.turn TO %I', app);
  EXECUTE format('GRANT SELECT, INSERT ON keystore.root_check TO %I', app);
  REVOKE EXECUTE ON FUNCTION platform.keep_answer_partitions(date), platform.wall(text) FROM PUBLIC;
  EXECUTE format('GRANT EXECUTE ON FUNCTION platform.keep_answer_partitions(date) TO %I', app);
  PERFORM platform.wall(app);
END $$;
