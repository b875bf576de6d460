-- calls: 70
SELECT c.id, c.body, c.created_at, u.name FROM comments c JOIN users u ON u.id = c.author_id WHERE c.task_id = 136509 AND c.deleted_at IS NULL ORDER BY c.created_at;
