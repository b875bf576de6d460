-- The indexes that the shop needs; then fresh statistics and visibility maps.
CREATE INDEX products_category_idx ON products (category_id);
CREATE INDEX orders_user_created_idx ON orders (user_id, created_at);
CREATE INDEX order_items_product_idx ON order_items (product_id);
CREATE INDEX payments_order_idx ON payments (order_id);

GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public TO shop_app;
ALTER DEFAULT PRIVILEGES IN SCHEMA public GRANT SELECT, INSERT, UPDATE, DELETE ON TABLES TO shop_app;

VACUUM (ANALYZE);
