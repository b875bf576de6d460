-- calls: 1
SELECT n.id, n.slug FROM tenants n WHERE n.plan = 'enterprise' AND NOT EXISTS (SELECT FROM tasks t WHERE t.tenant_id = n.id AND t.updated_at >= '2025-09-01');
