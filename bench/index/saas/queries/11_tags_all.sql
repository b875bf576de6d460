-- calls: 10
SELECT id, title FROM tasks WHERE tags @> ARRAY['legal', 'security', 'customer'] AND tenant_id = 1 AND deleted_at IS NULL;
