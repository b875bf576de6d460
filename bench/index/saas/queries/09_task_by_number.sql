-- calls: 90
SELECT id, title, body, status FROM tasks WHERE project_id = 40 AND number = 17;
