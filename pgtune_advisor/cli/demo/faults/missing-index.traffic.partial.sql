-- planted: the few open tickets of support, sought among all that ever were.
-- subject: shop.public.tickets * WHERE *
-- weight: 3
SELECT id, user_id, question
  FROM tickets
 WHERE closed_at IS NULL
 ORDER BY opened_at
 LIMIT 20;
