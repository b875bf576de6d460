-- planted: an export that sorts more than its memory holds.
-- statement: ORDER BY total DESC
-- weight: 1
SELECT id, user_id, status, total, created_at FROM orders ORDER BY total DESC, created_at OFFSET 0 LIMIT 20;
