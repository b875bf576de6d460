-- planted: a list of orders that asks for the items of each order by itself.
-- subject: shop/shop_app/*
-- statement: line, product_id, quantity
-- weight: 4
\set first random(1, 90000)
\set shown random(2, 14)
SELECT id, status, total FROM orders WHERE id >= :first ORDER BY id LIMIT :shown;
SELECT line, product_id, quantity FROM order_items WHERE order_id = :first + 0;
SELECT line, product_id, quantity FROM order_items WHERE order_id = :first + 1;
\if :shown > 2
SELECT line, product_id, quantity FROM order_items WHERE order_id = :first + 2;
\endif
\if :shown > 3
SELECT line, product_id, quantity FROM order_items WHERE order_id = :first + 3;
\endif
\if :shown > 4
SELECT line, product_id, quantity FROM order_items WHERE order_id = :first + 4;
\endif
\if :shown > 5
SELECT line, product_id, quantity FROM order_items WHERE order_id = :first + 5;
\endif
\if :shown > 6
SELECT line, product_id, quantity FROM order_items WHERE order_id = :first + 6;
\endif
\if :shown > 7
SELECT line, product_id, quantity FROM order_items WHERE order_id = :first + 7;
\endif
\if :shown > 8
SELECT line, product_id, quantity FROM order_items WHERE order_id = :first + 8;
\endif
\if :shown > 9
SELECT line, product_id, quantity FROM order_items WHERE order_id = :first + 9;
\endif
\if :shown > 10
SELECT line, product_id, quantity FROM order_items WHERE order_id = :first + 10;
\endif
\if :shown > 11
SELECT line, product_id, quantity FROM order_items WHERE order_id = :first + 11;
\endif
\if :shown > 12
SELECT line, product_id, quantity FROM order_items WHERE order_id = :first + 12;
\endif
\if :shown > 13
SELECT line, product_id, quantity FROM order_items WHERE order_id = :first + 13;
\endif
