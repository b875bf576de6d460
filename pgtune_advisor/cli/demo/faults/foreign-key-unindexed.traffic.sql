-- planted: cart_items refers to carts without an index, and old carts get deleted.
-- subject: shop.public.cart_items.cart_items_cart_id_fkey
-- weight: 6
\set cart random(1, 30000)
DELETE FROM carts WHERE id = :cart;
