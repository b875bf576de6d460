-- planted: a report of two narrow columns that reads the wide rows of the whole table.
-- subject: shop.public.stock_moves * INCLUDE *
-- weight: 2
\set day random(0, 569)
SELECT product_id, sum(quantity) AS moved
  FROM stock_moves
 WHERE moved_at >= timestamptz '2025-01-01Z' + :day * interval '1 day'
   AND moved_at < timestamptz '2025-01-01Z' + (:day + 30) * interval '1 day'
 GROUP BY product_id;
