-- planted: a table filled by an import and never analysed.
-- subject: shop.public.price_history
CREATE TABLE price_history (
    product_id integer REFERENCES products,
    valid_from timestamptz,
    price numeric(10, 2) NOT NULL,
    PRIMARY KEY (product_id, valid_from)
);
INSERT INTO price_history
SELECT p.id, timestamptz '2026-01-01Z' + n * interval '7 days', p.price - n / 10.0
  FROM products p, generate_series(1, 2) n;
