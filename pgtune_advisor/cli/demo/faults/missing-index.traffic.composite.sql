-- planted: the newest reviews of a product, without an index on product and time.
-- subject: shop.public.reviews *
-- weight: 3
\set product random(1, 150)
SELECT id, stars, body FROM reviews WHERE product_id = :product ORDER BY created_at DESC LIMIT 10;
