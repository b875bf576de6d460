-- weight: 5
\set visitor random(1, 40000)
\set product random(1, 20000)
BEGIN;
INSERT INTO orders (user_id, status, total, created_at) VALUES (:visitor, 'open', 19.90, now());
INSERT INTO order_items SELECT max(id), 1, :product, 1, 19.90 FROM orders WHERE user_id = :visitor;
INSERT INTO audit_log (at, actor, action) VALUES (now(), :visitor, 'ordered');
COMMIT;
