-- planted: a session that changed a row and forgot to commit.
-- subject: shop/shop_app/price-editor/*
-- application: price-editor
-- param: max_idle = "1s"
-- because: the demo does not last for the usual minute
BEGIN;
UPDATE coupons SET uses_left = uses_left - 1 WHERE code = 'SPRING1';
