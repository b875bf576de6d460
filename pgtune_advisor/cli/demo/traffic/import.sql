-- weight: 6
INSERT INTO supplier_feed (received_at, line)
SELECT now(), repeat(md5(n::text), 8) FROM generate_series(1, 1000) n;
