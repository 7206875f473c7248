DROP SCHEMA platform, keystore, jobs CASCADE;
DO $$
DECLARE
  t record;
BEGIN
  FOR t IN SELECT c.relname FROM pg_class c WHERE c.relnamespace = 'public'::regnamespace AND c.relkind IN ('r', 'p')
           AND NOT c.relispartition AND c.relname <> 'alembic_version'
  LOOP
    EXECUTE format('DROP TABLE public.%I CASCADE', t.relname);
  END LOOP;
  FOR t IN SELECT p.oid::regprocedure::text AS signature FROM pg_proc p WHERE p.pronamespace = 'public'::regnamespace
  LOOP
    EXECUTE format('DROP FUNCTION IF EXISTS %s CASCADE', t.signature);
  END LOOP;
END $$;
