-- planted: autovacuum switched off for a table that changes all the time.
-- subject: shop.public.audit_log
ALTER TABLE audit_log SET (autovacuum_enabled = off);
