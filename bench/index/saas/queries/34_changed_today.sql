-- calls: 5
SELECT t.id, t.title, u.name FROM tasks t LEFT JOIN users u ON u.id = t.assignee_id WHERE t.tenant_id = 4 AND t.updated_at >= '2025-12-31' AND t.deleted_at IS NULL ORDER BY t.updated_at DESC LIMIT 50;
