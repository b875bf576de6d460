-- calls: 40
SELECT id, key, name, updated_at FROM projects WHERE tenant_id = 5 AND status = 'active' AND deleted_at IS NULL ORDER BY updated_at DESC LIMIT 25;
