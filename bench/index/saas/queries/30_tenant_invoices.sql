-- calls: 5
SELECT id, period, amount, status FROM invoices WHERE tenant_id = 123 AND period && daterange('2025-01-01', '2026-01-01') ORDER BY lower(period);
