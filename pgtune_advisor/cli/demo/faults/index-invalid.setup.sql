-- planted: CREATE UNIQUE INDEX CONCURRENTLY failed on a duplicate and left its index behind.
-- subject: shop.public.users_email_key
INSERT INTO users (email, full_name, created_at)
SELECT email, full_name, created_at FROM users WHERE id IN (10, 20);
\set ON_ERROR_STOP off
\set VERBOSITY terse
CREATE UNIQUE INDEX CONCURRENTLY users_email_key ON users (email);
