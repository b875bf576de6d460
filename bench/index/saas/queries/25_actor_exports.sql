-- calls: 1
SELECT count(*) FROM audit_log WHERE actor_id = 2468 AND action = 'export' AND at >= '2025-11-01';
