-- calls: 1
SELECT date_trunc('day', at) AS day, action, count(*) FROM audit_log WHERE at >= '2025-12-25' GROUP BY 1, 2 ORDER BY 1, 2;
