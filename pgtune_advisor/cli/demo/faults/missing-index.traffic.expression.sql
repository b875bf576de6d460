-- planted: support looks customers up by name in whatever case, without an index on that.
-- subject: shop.public.users *lower(full_name)*
-- weight: 3
\set customer random(1, 40000)
SELECT id, email FROM users WHERE lower(full_name) = 'customer ' || :customer;
