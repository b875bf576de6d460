-- calls: 15
SELECT id, title, ts_rank(search, q) AS rank FROM tasks, websearch_to_tsquery('english', 'webhook refund cookie') q WHERE search @@ q AND tenant_id = 1 AND deleted_at IS NULL ORDER BY rank DESC LIMIT 20;
