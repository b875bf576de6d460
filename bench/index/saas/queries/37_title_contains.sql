-- calls: 2
SELECT id, title FROM tasks WHERE title ILIKE '%rollback webhook%' AND deleted_at IS NULL LIMIT 50;
