-- calls: 30
UPDATE tasks SET status = 'done', updated_at = '2026-01-01 00:00+00' WHERE project_id = 55 AND number = 7;
