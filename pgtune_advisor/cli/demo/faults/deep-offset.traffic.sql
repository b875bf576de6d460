-- planted: page 2,000 and up of the orders, by OFFSET.
-- statement: OFFSET
-- weight: 2
\set skipped random(40000, 90000)
SELECT id, user_id, total FROM orders ORDER BY id LIMIT 20 OFFSET :skipped;
