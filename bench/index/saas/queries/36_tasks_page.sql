-- calls: 10
SELECT id, title, updated_at FROM tasks WHERE tenant_id = 1 AND (updated_at, id) < ('2025-03-03 03:03+00', 200000) ORDER BY updated_at DESC, id DESC LIMIT 50;
