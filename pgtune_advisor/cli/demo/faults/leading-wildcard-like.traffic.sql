-- planted: the shop's search box, ILIKE with a wildcard in front.
-- subject: shop.public.products/*
-- statement: description ILIKE
-- weight: 2
\set number random(100, 999)
SELECT id, name, price FROM products WHERE description ILIKE '%:number%' ORDER BY price LIMIT 20;
