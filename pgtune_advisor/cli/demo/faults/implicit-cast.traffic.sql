-- planted: a bigint compared with a numeric, so that its unique index is of no use.
-- subject: shop.public.payments/*
-- statement: reference =
-- weight: 4
\set payment random(1, 100000)
SELECT id, order_id, amount FROM payments WHERE reference = (7000000000 + 7 * :payment)::numeric;
