-- A few hundred thousand rows, the same on every run.
SELECT setseed(0.42);

INSERT INTO categories (name) SELECT 'Category ' || n FROM generate_series(1, 50) n;

INSERT INTO products (category_id, name, description, price)
SELECT 1 + n % 50,
       (ARRAY['Oak', 'Steel', 'Linen', 'Copper', 'Wool', 'Glass'])[1 + n % 6] || ' '
           || (ARRAY['chair', 'lamp', 'kettle', 'blanket', 'shelf', 'bowl', 'desk'])[1 + n % 7]
           || ' ' || n,
       repeat('Made by hand, ' || md5(n::text) || ', lasts a life. ', 8),
       5 + (random() * 40000)::integer / 100.0
  FROM generate_series(1, 20000) n;

INSERT INTO inventory SELECT id, 500, '2026-06-01Z' FROM products;

INSERT INTO users (email, full_name, created_at)
SELECT 'User' || n || '@example.org', 'Customer ' || n,
       timestamptz '2024-01-01Z' + n * interval '20 minutes'
  FROM generate_series(1, 40000) n;

INSERT INTO orders (user_id, status, total, created_at)
SELECT 1 + (random() * 39999)::integer,
       CASE WHEN n % 50 = 0 THEN 'open' ELSE 'shipped' END,
       10 + (random() * 30000)::integer / 100.0,
       timestamptz '2025-06-01Z' + n * interval '6 minutes'
  FROM generate_series(1, 100000) n;

INSERT INTO order_items
SELECT o.id, line, 1 + (random() * 19999)::integer, 1 + (random() * 3)::integer,
       5 + (random() * 40000)::integer / 100.0
  FROM orders o, generate_series(1, 2) line;

INSERT INTO payments (order_id, reference, amount)
SELECT id, 7000000000 + id * 7, total FROM orders;

INSERT INTO carts (user_id, created_at)
SELECT 1 + (random() * 39999)::integer, timestamptz '2026-08-01Z' + n * interval '1 minute'
  FROM generate_series(1, 30000) n;

INSERT INTO cart_items (cart_id, product_id, quantity)
SELECT id, 1 + (random() * 19999)::integer, 1 FROM carts, generate_series(1, 2);

INSERT INTO events (at, kind, detail)
SELECT timestamptz '2026-07-01Z' + n * interval '2 minutes',
       (ARRAY['view', 'search', 'click'])[1 + n % 3], jsonb_build_object('product', n % 20000)
  FROM generate_series(1, 60000) n;

INSERT INTO audit_log (at, actor, action)
SELECT timestamptz '2026-07-01Z' + n * interval '1 minute', 1 + n % 40000, 'changed the address'
  FROM generate_series(1, 40000) n;

INSERT INTO notifications (user_id, body)
SELECT 1 + n % 40000, 'Your parcel is on its way' FROM generate_series(1, 20000) n;

INSERT INTO coupons SELECT 'SPRING' || n, 100 FROM generate_series(1, 500) n;

INSERT INTO import_staging SELECT md5(n::text) FROM generate_series(1, 5000) n;
