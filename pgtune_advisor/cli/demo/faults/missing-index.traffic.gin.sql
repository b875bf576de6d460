-- planted: products by their tags, an array without a GIN index.
-- subject: shop.public.products USING gin (tags*
-- weight: 3
\set style random(0, 299)
SELECT id, name, price FROM products WHERE tags @> ARRAY['style-' || :style];
