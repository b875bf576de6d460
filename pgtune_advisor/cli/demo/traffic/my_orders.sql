-- weight: 10
\set visitor random(1, 40000)
SELECT id, status, total
  FROM orders
 WHERE user_id = :visitor AND created_at >= '2026-06-01Z'
 ORDER BY created_at DESC
 LIMIT 10;
