-- planted: an integer key that has used up nine tenths of its values.
-- subject: shop.public.notifications.id
SELECT setval('notifications_id_seq', 1930000000);
INSERT INTO notifications (user_id, body) SELECT n, 'Welcome back' FROM generate_series(1, 100) n;
