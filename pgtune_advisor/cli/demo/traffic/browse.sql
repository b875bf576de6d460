-- weight: 20
\set product random(1, 20000)
\set visitor random(1, 40000)
SELECT name, description, price FROM products WHERE id = :product;
INSERT INTO page_views VALUES (now(), :visitor, '/product/:product', 'Mozilla/5.0');
