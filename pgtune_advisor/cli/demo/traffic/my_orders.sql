-- weight: 10
\set visitor random(1, 40000)
SELECT id, status, total FROM orders WHERE user_id = :visitor ORDER BY created_at DESC LIMIT 10;
