-- calls: 20
SELECT id, name, email, role FROM users WHERE tenant_id = 17 AND deleted_at IS NULL ORDER BY name LIMIT 50;
