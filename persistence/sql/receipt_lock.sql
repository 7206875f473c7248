-- The row locks, in a statement of their own: a read in the same statement would see the rows from before the wait.
CREATE OR REPLACE FUNCTION receipt_lock(p_tenant uuid, p_accounts uuid[], p_receipts uuid[]) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
  PERFORM set_config('app.tenant_id', p_tenant::text, true);
  PERFORM 1 FROM account a WHERE a.tenant_id = p_tenant AND a.account_id = ANY (p_accounts) ORDER BY a.account_id FOR UPDATE;
  PERFORM 1 FROM receipt r WHERE r.tenant_id = p_tenant AND r.receipt_id = ANY (p_receipts) ORDER BY r.receipt_id FOR UPDATE;
END $$;
