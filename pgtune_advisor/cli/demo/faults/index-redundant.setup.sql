-- planted: an index on orders (user_id) next to the one on (user_id, created_at).
-- subject: shop.public.orders_user_idx
CREATE INDEX orders_user_idx ON orders (user_id);
