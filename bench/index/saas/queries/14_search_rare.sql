-- calls: 10
SELECT id, title FROM tasks WHERE search @@ to_tsquery('english', 'term14711') AND deleted_at IS NULL;
