-- weight: 5
\set order random(1, 100000)
SELECT p.name, i.quantity, i.price
  FROM order_items i
  JOIN products p ON p.id = i.product_id
 WHERE i.order_id = :order;
SELECT amount FROM payments WHERE order_id = :order;
