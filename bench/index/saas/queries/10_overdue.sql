-- calls: 8
SELECT id, title, due_on FROM tasks WHERE tenant_id = 2 AND status = 'open' AND due_on < '2025-12-15' AND deleted_at IS NULL ORDER BY due_on DESC LIMIT 100;
