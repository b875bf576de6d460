-- calls: 80
SELECT id, project_id, number, title, priority, due_on FROM tasks WHERE assignee_id = 321 AND status IN ('open', 'in_progress') AND deleted_at IS NULL ORDER BY priority DESC, due_on LIMIT 30;
