-- calls: 40
INSERT INTO comments (id, tenant_id, task_id, author_id, body, created_at) VALUES (900001, 1, 4242, 77, 'Looks good', '2026-01-01 00:00+00');
