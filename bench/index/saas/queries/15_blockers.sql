-- calls: 6
SELECT id, tenant_id, title FROM tasks WHERE custom @> '{"severity": "blocker"}' AND status <> 'done';
