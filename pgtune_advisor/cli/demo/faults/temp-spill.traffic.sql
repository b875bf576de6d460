-- planted: the median price of all items sold, by a sort that work_mem does not hold.
-- statement: percentile_cont
-- weight: 2
SELECT percentile_cont(0.5) WITHIN GROUP (ORDER BY price) AS median FROM order_items;
