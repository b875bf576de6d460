-- weight: 5
\set product random(1, 20000)
SELECT DISTINCT other.product_id
  FROM order_items this
  JOIN order_items other ON other.order_id = this.order_id AND other.line <> this.line
 WHERE this.product_id = :product;
