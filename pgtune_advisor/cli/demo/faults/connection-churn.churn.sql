-- planted: an application without a pool: it connects for every statement.
-- subject: server
SELECT count(*) FROM categories;
