-- planted: a session that waits for that row.
-- subject: shop/*
-- application: checkout
UPDATE coupons SET uses_left = uses_left - 1 WHERE code = 'SPRING1';
