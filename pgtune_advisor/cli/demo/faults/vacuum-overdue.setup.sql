-- planted: a stock-taking left a dead row for every row of the inventory.
-- subject: shop.public.inventory
UPDATE inventory SET quantity = quantity - product_id % 20, counted_at = '2026-09-20Z';
