-- planted: a table without primary key.
-- subject: shop.public.page_views
CREATE TABLE page_views (
    at timestamptz NOT NULL,
    user_id integer,
    path text NOT NULL,
    agent text NOT NULL
);
INSERT INTO page_views
SELECT timestamptz '2026-09-01Z' + n * interval '1 second', n, '/product/' || n, 'Mozilla/5.0'
  FROM generate_series(1, 30000) n;
-- Else the rows would be counted after ANALYZE has set its counter to zero.
SELECT pg_stat_force_next_flush();
VACUUM (ANALYZE) page_views;
