-- planted: a list of orders that asks for the items of each order by itself.
-- subject: shop/shop_app/*
-- statement: line, product_id, quantity
-- weight: 4
\set order random(1, 90000)
\set shown random(2, 14)
SELECT id, status, total FROM orders WHERE id >= :order ORDER BY id LIMIT :shown;
SELECT line, product_id, quantity FROM order_items WHERE order_id = :order;
\set order :order + 1
SELECT line, product_id, quantity FROM order_items WHERE order_id = :order;
\set order :order + 1
\if :shown > 2
SELECT line, product_id, quantity FROM order_items WHERE order_id = :order;
\set order :order + 1
\endif
\if :shown > 3
SELECT line, product_id, quantity FROM order_items WHERE order_id = :order;
\set order :order + 1
\endif
\if :shown > 4
SELECT line, product_id, quantity FROM order_items WHERE order_id = :order;
\set order :order + 1
\endif
\if :shown > 5
SELECT line, product_id, quantity FROM order_items WHERE order_id = :order;
\set order :order + 1
\endif
\if :shown > 6
SELECT line, product_id, quantity FROM order_items WHERE order_id = :order;
\set order :order + 1
\endif
\if :shown > 7
SELECT line, product_id, quantity FROM order_items WHERE order_id = :order;
\set order :order + 1
\endif
\if :shown > 8
SELECT line, product_id, quantity FROM order_items WHERE order_id = :order;
\set order :order + 1
\endif
\if :shown > 9
SELECT line, product_id, quantity FROM order_items WHERE order_id = :order;
\set order :order + 1
\endif
\if :shown > 10
SELECT line, product_id, quantity FROM order_items WHERE order_id = :order;
\set order :order + 1
\endif
\if :shown > 11
SELECT line, product_id, quantity FROM order_items WHERE order_id = :order;
\set order :order + 1
\endif
\if :shown > 12
SELECT line, product_id, quantity FROM order_items WHERE order_id = :order;
\set order :order + 1
\endif
\if :shown > 13
SELECT line, product_id, quantity FROM order_items WHERE order_id = :order;
\endif
