-- planted: an index on the products' descriptions that no statement reads.
-- subject: shop.public.products_description_idx
-- param: min_age = 0
-- because: counters of a new server are younger than the usual 30 days
CREATE INDEX products_description_idx ON products (description);
