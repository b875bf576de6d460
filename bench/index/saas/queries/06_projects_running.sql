-- calls: 5
SELECT id, key, name FROM projects WHERE running @> date '2025-11-15' AND status = 'active' AND tenant_id IN (1, 2, 3) AND deleted_at IS NULL;
