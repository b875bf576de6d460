-- calls: 60
SELECT id, number, title, status, assignee_id FROM tasks WHERE project_id = 12 AND status <> 'done' AND deleted_at IS NULL ORDER BY priority DESC, id;
