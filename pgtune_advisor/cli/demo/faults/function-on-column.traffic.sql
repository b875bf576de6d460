-- planted: customers looked up by lower(email), which no index serves.
-- subject: shop.public.users/*
-- statement: lower(email)
-- weight: 4
\set customer random(1, 40000)
SELECT id, full_name FROM users WHERE lower(email) = 'user' || :customer || '@example.org';
