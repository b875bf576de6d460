-- calls: 12
SELECT id, task_id, author_id, created_at FROM comments WHERE tenant_id = 11 AND deleted_at IS NULL ORDER BY created_at DESC LIMIT 20;
