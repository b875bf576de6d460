-- calls: 4
SELECT id, at, actor_id, action, object_type FROM audit_log WHERE tenant_id = 6 AND at >= '2025-12-10' AND at < '2025-12-17' ORDER BY at DESC LIMIT 100;
