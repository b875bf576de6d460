-- planted: the search box of the shop: LIKE with a wildcard in front.
-- subject: shop.public.products/*
-- statement: description ILIKE
-- weight: 2
\set number random(1, 9999)
SELECT id, name, price FROM products WHERE description ILIKE '%:number%' LIMIT 20;
