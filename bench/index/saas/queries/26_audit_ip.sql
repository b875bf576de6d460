-- calls: 1
SELECT at, actor_id, action FROM audit_log WHERE details @> '{"ip": "10.3.99.85"}' AND at >= '2025-12-01' ORDER BY at;
