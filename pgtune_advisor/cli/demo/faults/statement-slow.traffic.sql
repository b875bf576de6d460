-- planted: the sales of each category over all time, computed for every visitor of a page.
-- statement: sum(i.price * i.quantity)
-- weight: 1
SELECT c.name, sum(i.price * i.quantity) AS sales
  FROM order_items i
  JOIN products p ON p.id = i.product_id
  JOIN categories c ON c.id = p.category_id
 GROUP BY c.name
 ORDER BY sales DESC;
