-- calls: 2
SELECT id, tenant_id, amount, due_on FROM invoices WHERE status = 'open' AND due_on < '2025-06-01' ORDER BY due_on LIMIT 200;
