-- calls: 30
SELECT id, name FROM users WHERE tenant_id = 3 AND lower(name) LIKE 'mar%' AND deleted_at IS NULL ORDER BY lower(name) LIMIT 10;
