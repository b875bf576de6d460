-- A few hundred thousand rows, the same on every run.
SELECT setseed(0.42);

INSERT INTO categories (name) SELECT 'Category ' || n FROM generate_series(1, 50) n;

INSERT INTO products (category_id, name, description, price, tags)
SELECT 1 + n % 50,
       (ARRAY['Oak', 'Steel', 'Linen', 'Copper', 'Wool', 'Glass'])[1 + n % 6] || ' '
           || (ARRAY['chair', 'lamp', 'kettle', 'blanket', 'shelf', 'bowl', 'desk'])[1 + n % 7]
           || ' ' || n,
       repeat('Made by hand, ' || md5(n::text) || ', lasts a life. ', 8),
       5 + (random() * 40000)::integer / 100.0,
       ARRAY['made-' || (random() * 99)::integer, 'style-' || (random() * 299)::integer,
             'room-' || (random() * 9)::integer]
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

-- A few products are much talked about.
INSERT INTO reviews (product_id, created_at, stars, body)
SELECT 1 + (random() * 149)::integer, timestamptz '2025-01-01Z' + n * interval '10 minutes',
       1 + n % 5, repeat('Does what it should. ', 4 + n % 8)
  FROM generate_series(1, 50000) n;

-- Hardly any question is still open.
INSERT INTO tickets (user_id, opened_at, closed_at, question)
SELECT 1 + (random() * 39999)::integer, opened_at,
       CASE WHEN random() > 0.01 THEN opened_at + interval '6 hours' END,
       repeat('Where is my parcel? ', 6)
  FROM generate_series(1, 50000) n, LATERAL (SELECT timestamptz '2025-01-01Z'
                                                    + n * interval '15 minutes' AS opened_at);

-- The warehouses send their books in no order of time.
INSERT INTO stock_moves (moved_at, product_id, quantity, note)
SELECT timestamptz '2025-01-01Z' + random() * interval '600 days',
       1 + (random() * 19999)::integer, (random() * 40)::integer - 20, repeat('Shelf 12, ', 9)
  FROM generate_series(1, 80000) n;
