-- Deterministic; "now" of the data is 2026-01-01. A few tenants have most of everything.
SELECT setseed(0.37);
SET synchronous_commit = off;
SET timezone = 'UTC';
SET work_mem = '256MB';
INSERT INTO tenants
SELECT i, 'tenant-' || i, (ARRAY['free','free','free','team','team','business','enterprise'])[1 + floor(7 * random())::int],
  (ARRAY['eu','us','us','ap'])[1 + floor(4 * random())::int],
  timestamptz '2026-01-01' - random() * interval '1500 days',
  jsonb_build_object('sso', random() < 0.1, 'locale', (ARRAY['en','de','fr'])[1 + floor(3 * random())::int])
FROM generate_series(1, 2000) i;
INSERT INTO users
SELECT i, 1 + floor(2000 * random() ^ 3)::int,
  (ARRAY['Maria','Jonas','Aylin','Peter','Sofia','Marc','Olga','Tim','Lea','Noah'])[1 + i % 10] || '.' || substr(md5(i::text), 1, 7) || '@' || (ARRAY['Corp.example','mail.test','Works.example'])[1 + i % 3],
  (ARRAY['Maria','Jonas','Aylin','Peter','Sofia','Marc','Olga','Tim','Lea','Noah'])[1 + i % 10] || ' ' || initcap(substr(md5((i * 3)::text), 1, 6)),
  CASE WHEN random() < 0.05 THEN 'owner' WHEN random() < 0.2 THEN 'admin' ELSE 'member' END,
  timestamptz '2026-01-01' - random() ^ 2 * interval '1500 days',
  CASE WHEN random() < 0.85 THEN timestamptz '2026-01-01' - random() ^ 3 * interval '400 days' END,
  CASE WHEN random() < 0.12 THEN timestamptz '2026-01-01' - random() * interval '500 days' END
FROM generate_series(1, 60000) i;
INSERT INTO api_tokens
SELECT i, 1 + floor(60000 * random() ^ 2)::int, md5('token' || i) || md5('hash' || i),
  CASE WHEN random() < 0.7 THEN ARRAY['read'] WHEN random() < 0.9 THEN ARRAY['read','write'] ELSE ARRAY['read','write','admin'] END,
  timestamptz '2026-01-01' + (random() * 730 - 600) * interval '1 day',
  CASE WHEN random() < 0.4 THEN timestamptz '2026-01-01' - random() * interval '600 days' END
FROM generate_series(1, 90000) i;
INSERT INTO projects
SELECT i, t, 1 + floor(60000 * random())::int, upper(substr(md5(i::text), 1, 4)), 'Project ' || substr(md5((i * 5)::text), 1, 8),
  CASE WHEN random() < 0.35 THEN 'active' WHEN random() < 0.8 THEN 'archived' ELSE 'draft' END,
  daterange(d, d + 20 + floor(200 * random())::int), timestamptz '2026-01-01' - random() ^ 2 * interval '900 days',
  CASE WHEN random() < 0.08 THEN timestamptz '2026-01-01' - random() * interval '300 days' END
FROM (SELECT i, 1 + floor(2000 * random() ^ 3)::int t, date '2023-01-01' + floor(1090 * random())::int d FROM generate_series(1, 20000) i) s;
INSERT INTO memberships
SELECT DISTINCT 1 + floor(20000 * random())::int, 1 + floor(60000 * random() ^ 1.5)::int, 'member' FROM generate_series(1, 100000);
INSERT INTO tasks
SELECT i, p.tenant_id, p.id, row_number() OVER (PARTITION BY p.id ORDER BY i), CASE WHEN s.a < 0.8 THEN 1 + floor(60000 * s.b ^ 1.6)::int END, 1 + floor(60000 * s.c)::int,
  s.title, s.title || '. ' || s.body, s.status, s.priority, s.tags,
  CASE WHEN s.c < 0.6 THEN (s.made + s.b * interval '60 days')::date END, s.made, s.made + (timestamptz '2026-01-01' - s.made) * s.c ^ 2,
  CASE WHEN s.a > 0.94 THEN s.made + interval '3 days' END,
  jsonb_strip_nulls(jsonb_build_object('severity', CASE WHEN s.b < 0.004 THEN 'blocker' WHEN s.b < 0.2 THEN 'major' ELSE 'minor' END,
    'external_id', CASE WHEN s.c < 0.15 THEN 'EXT-' || i END, 'points', s.priority * 3)),
  to_tsvector('english', s.title || ' ' || s.body)
FROM (
  SELECT i, 1 + floor(20000 * random() ^ 1.7)::int AS project, random() a, random() b, random() c,
    w[1 + floor(40 * random() ^ 2)::int] || ' ' || w[1 + floor(40 * random())::int] || ' ' || w[1 + floor(40 * random() ^ 1.5)::int] AS title,
    w[1 + floor(40 * random())::int] || ' ' || w[1 + floor(40 * random() ^ 3)::int] || ' term' || floor(20000 * random() ^ 2)::int || ' the ' || w[1 + floor(40 * random())::int] || ' case' || i % 9973 AS body,
    CASE WHEN random() < 0.72 THEN 'done' WHEN random() < 0.5 THEN 'open' WHEN random() < 0.7 THEN 'in_progress' ELSE 'blocked' END AS status,
    floor(5 * random() ^ 2)::smallint AS priority,
    ARRAY(SELECT DISTINCT (ARRAY['backend','frontend','ops','docs','design','billing','urgent','customer','security','legal'])[1 + floor(10 * random() ^ 1.6)::int] FROM generate_series(1, i % 4))
      || CASE WHEN random() < 0.05 THEN ARRAY['release-' || floor(400 * random())::int] ELSE ARRAY[]::text[] END AS tags,
    timestamptz '2023-01-01' + (i::float8 / 350000 * 1095) * interval '1 day' AS made
  FROM generate_series(1, 350000) i,
    (SELECT ARRAY['fix','invoice','login','export','page','error','mobile','button','email','upload','search','report','user','cache','slow','import','report','crash','chart','filter','token','session','payment','refund','label','translation','cookie','consent','backup','restore','migration','index','query','timeout','webhook','retry','queue','worker','deploy','rollback'] w) words
) s JOIN projects p ON p.id = s.project ORDER BY i;
INSERT INTO comments
SELECT i, t.tenant_id, t.id, 1 + floor(60000 * s.r ^ 1.4)::int, 'Comment ' || md5(i::text) || ' ' || repeat('more text ', (i % 12)),
  t.created_at + s.q ^ 2 * (timestamptz '2026-01-01' - t.created_at), CASE WHEN s.q > 0.97 THEN timestamptz '2025-12-31' END
FROM (SELECT i, 1 + floor(350000 * random() ^ 0.8)::bigint AS task, random() r, random() q FROM generate_series(1, 350000) i) s
JOIN tasks t ON t.id = s.task ORDER BY i;
INSERT INTO notifications
SELECT i, 1 + floor(60000 * random() ^ 1.6)::int, (ARRAY['mention','assignment','assignment','due','digest'])[1 + floor(5 * random())::int],
  jsonb_build_object('task', floor(350000 * random())::int, 'channel', (ARRAY['web','mail','push'])[1 + floor(3 * random())::int]),
  timestamptz '2025-06-01' + (i::float8 / 200000 * 214) * interval '1 day',
  CASE WHEN random() < 0.93 THEN timestamptz '2025-06-01' + (i::float8 / 200000 * 214) * interval '1 day' + random() * interval '2 days' END
FROM generate_series(1, 200000) i;
INSERT INTO absences
SELECT i, 1 + floor(60000 * random())::int, tstzrange(d, d + (1 + floor(14 * random())) * interval '1 day'), (ARRAY['holiday','illness','training'])[1 + floor(3 * random())::int]
FROM (SELECT i, timestamptz '2023-01-01' + floor(1090 * random()) * interval '1 day' d FROM generate_series(1, 60000) i) s;
INSERT INTO invoices
SELECT i, 1 + i % 2000, daterange(d, (d + interval '1 month')::date), round((20 + 900 * random() ^ 3)::numeric, 2), s.status,
  (d + interval '45 days')::date, CASE WHEN s.status = 'paid' THEN d + interval '1 month' + random() * interval '20 days' END
FROM (SELECT i, (date '2023-01-01' + (i / 2000) * interval '1 month')::date d, CASE WHEN random() < 0.96 THEN 'paid' WHEN random() < 0.5 THEN 'open' ELSE 'void' END status FROM generate_series(1, 71999) i) s;
INSERT INTO audit_log
SELECT i, timestamptz '2025-07-01' + (i::float8 / 450001 * 184) * interval '1 day', 1 + floor(2000 * random() ^ 3)::int,
  CASE WHEN random() < 0.9 THEN 1 + floor(60000 * random() ^ 1.6)::int END,
  (ARRAY['update','update','update','create','view','view','login','delete','export','permission'])[1 + floor(10 * random() ^ 1.3)::int],
  (ARRAY['task','task','task','project','user','invoice'])[1 + floor(6 * random())::int], floor(350000 * random() ^ 1.2)::bigint,
  jsonb_build_object('ip', '10.' || i % 7 || '.' || floor(250 * random())::int || '.' || floor(250 * random())::int, 'agent', (ARRAY['web','api','mobile'])[1 + floor(3 * random())::int])
FROM generate_series(1, 450000) i;
VACUUM ANALYZE;
