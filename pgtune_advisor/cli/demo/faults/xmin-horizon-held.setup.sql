-- planted: a transaction prepared by a coordinator that never came back.
-- subject: prepared transaction/payout-4711
-- param: min_held = "1s"
-- because: the demo does not last for the usual hour
BEGIN;
UPDATE coupons SET uses_left = 99 WHERE code = 'SPRING2';
PREPARE TRANSACTION 'payout-4711';
