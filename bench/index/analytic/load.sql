-- Deterministic. What misleads the planner is meant: a film's country decides its companies,
-- language, people and genre; its genre decides its keywords; its popularity decides how much of
-- everything there is about it. Columns are skewed, and correlated across joins.
SELECT setseed(0.61);
SET synchronous_commit = off;
SET work_mem = '256MB';
INSERT INTO kind_type SELECT i, (ARRAY['movie','tv series','tv movie','video movie','episode','video game'])[i] FROM generate_series(1, 6) i;
INSERT INTO company_type SELECT i, (ARRAY['production companies','distributors','special effects companies','miscellaneous companies'])[i] FROM generate_series(1, 4) i;
INSERT INTO role_type SELECT i, (ARRAY['actor','actress','producer','writer','cinematographer','composer','costume designer','director','editor','miscellaneous crew','guest'])[i] FROM generate_series(1, 11) i;
INSERT INTO info_type SELECT i, CASE i WHEN 1 THEN 'runtimes' WHEN 3 THEN 'genres' WHEN 4 THEN 'languages' WHEN 8 THEN 'countries' WHEN 16 THEN 'release dates' WHEN 99 THEN 'votes' WHEN 101 THEN 'rating' WHEN 112 THEN 'top 250 rank' ELSE 'info ' || i END FROM generate_series(1, 113) i;
CREATE TEMP TABLE places AS
SELECT * FROM unnest(
  ARRAY['us','us','us','us','us','us','gb','gb','in','in','in','fr','fr','de','de','jp','jp','it','ca','es','se','dk','hk','br'],
  ARRAY['USA','USA','USA','USA','USA','USA','UK','UK','India','India','India','France','France','Germany','Germany','Japan','Japan','Italy','Canada','Spain','Sweden','Denmark','Hong Kong','Brazil'],
  ARRAY['English','English','English','English','English','English','English','English','Hindi','Hindi','Tamil','French','French','German','German','Japanese','Japanese','Italian','English','Spanish','Swedish','Danish','Cantonese','Portuguese']
) WITH ORDINALITY AS p(code, country, language, nr);
-- The keywords of genre g are those with id % 20 = g; the first of each are the frequent ones.
INSERT INTO keyword SELECT i, CASE WHEN i <= 400 THEN (ARRAY['superhero','sequel','love','murder','based-on-novel','revenge','space','war','blood','marriage','dance','police','ghost','school','robot','family','music','football','election','samurai'])[1 + i % 20] || CASE WHEN i > 20 THEN '-' || i ELSE '' END ELSE 'keyword-' || i END FROM generate_series(1, 20000) i;
INSERT INTO company_name
SELECT i, (ARRAY['Film','Studio','Pictures','Media','Television','Entertainment'])[1 + i % 6] || ' ' || initcap(substr(md5(i::text), 1, 6)) || CASE WHEN i % 37 = 0 THEN ' Warner' WHEN i % 53 = 0 THEN ' Bros' ELSE '' END, p.code
FROM generate_series(1, 36000) i JOIN places p ON p.nr = 1 + i % 24 ORDER BY i;
INSERT INTO name
SELECT i, (ARRAY['Smith','Khan','Müller','Tanaka','Rossi','Dubois','Silva','Jensen','Lee','Brown'])[1 + floor(10 * random())::int] || ', ' || initcap(substr(md5(i::text), 1, 6)),
  CASE WHEN random() < 0.55 THEN 'm' WHEN random() < 0.7 THEN 'f' END, p.country
FROM generate_series(1, 240000) i JOIN places p ON p.nr = 1 + i % 24 ORDER BY i;
CREATE TEMP TABLE film AS
SELECT i AS id, s.place, p.country, p.language, p.code, s.pop,
  CASE WHEN p.code = 'in' THEN (ARRAY[2,9,10,10,3])[1 + floor(5 * s.r)::int] WHEN p.code = 'jp' THEN (ARRAY[14,19,12,6])[1 + floor(4 * s.r)::int]
       ELSE floor(20 * s.r ^ 1.6)::int END AS genre,
  CASE WHEN s.q < 0.04 THEN NULL ELSE 2013 - floor(CASE WHEN p.code = 'in' THEN 25 WHEN p.code IN ('fr','it') THEN 105 ELSE 80 END * s.q ^ 1.8)::int END AS year,
  CASE WHEN s.k < 0.42 THEN 1 WHEN s.k < 0.47 THEN 2 WHEN s.k < 0.55 THEN 3 WHEN s.k < 0.62 THEN 4 WHEN s.k < 0.99 THEN 5 ELSE 6 END AS kind
FROM (SELECT i, 1 + floor(24 * random())::int place, random() ^ 5 AS pop, random() r, random() q, random() k FROM generate_series(1, 520000) i) s
JOIN places p ON p.nr = s.place;
ANALYZE film;
INSERT INTO title
SELECT id, (ARRAY['The','A','Last','Dark','Lost','Return of the','Money','Champion','Dragon','Summer'])[1 + id % 10] || ' ' || initcap(substr(md5((id * 7)::text), 1, 7)), kind, year,
  CASE WHEN kind = 5 THEN 1 + id % 24 END, CASE WHEN kind = 5 THEN 1 + id % 7 END
FROM film ORDER BY id;
-- Nine in ten companies and people are of the film's own country.
INSERT INTO movie_companies
SELECT row_number() OVER (), id, company, CASE WHEN a < 0.45 THEN 1 WHEN a < 0.98 THEN 2 ELSE 3 + floor(2 * b)::int END,
  CASE WHEN b < 0.25 THEN '(' || coalesce(year, 2000) || ') (' || country || ') (theatrical)' WHEN b < 0.4 THEN '(' || coalesce(year, 2000) || ') (worldwide) (TV)' WHEN b < 0.45 THEN '(presents)' END
FROM (SELECT f.*, random() a, random() b, CASE WHEN random() < 0.9 THEN f.place - 1 + 24 * (1 + floor(1498 * random() ^ 3)::int) ELSE 1 + floor(36000 * random())::int END AS company
      FROM film f, generate_series(1, 1 + floor(9 * f.pop + 0.6)::int)) s ORDER BY id;
INSERT INTO cast_info
SELECT row_number() OVER (), person, id, CASE WHEN a < 0.4 THEN 1 WHEN a < 0.62 THEN 2 WHEN a < 0.7 THEN 3 WHEN a < 0.77 THEN 4 WHEN a < 0.84 THEN 8 ELSE 5 + floor(7 * b)::int END,
  CASE WHEN a < 0.62 THEN nr END, CASE WHEN b < 0.08 THEN '(voice)' WHEN b < 0.14 THEN '(uncredited)' WHEN b < 0.2 THEN '(producer)' WHEN b < 0.24 AND code = 'jp' THEN '(voice: Japanese version)' WHEN b < 0.25 THEN '(executive producer)' END
FROM (SELECT f.*, g AS nr, random() a, random() b, CASE WHEN random() < 0.9 THEN f.place - 1 + 24 * (1 + floor(9998 * random() ^ 2.5)::int) ELSE 1 + floor(240000 * random())::int END AS person
      FROM film f, generate_series(1, 2 + floor(22 * f.pop)::int) g) s ORDER BY id;
INSERT INTO movie_keyword
SELECT row_number() OVER (), id, CASE WHEN random() < 0.75 THEN 20 * floor(1000 * random() ^ 4)::int + CASE WHEN genre = 0 THEN 20 ELSE genre END ELSE 1 + floor(19999 * random())::int END
FROM (SELECT f.id, f.genre FROM film f, generate_series(1, floor(20 * f.pop + 0.5)::int)) s ORDER BY id;
INSERT INTO movie_info
SELECT row_number() OVER (), id, type, info FROM (
  SELECT id, 8 AS type, country AS info FROM film
  UNION ALL SELECT id, 4, language FROM film WHERE id % 10 > 0
  UNION ALL SELECT id, 3, (ARRAY['Action','Sequel','Romance','Crime','Drama','Thriller','Sci-Fi','War','Horror','Family','Musical','Mystery','Fantasy','Comedy','Animation','Biography','Music','Sport','News','Adventure'])[1 + genre] FROM film
  UNION ALL SELECT id, 16, country || ':' || (1 + id % 28) || ' ' || (ARRAY['January','May','August','December'])[1 + id % 4] || ' ' || year FROM film WHERE year IS NOT NULL AND pop > 0.02
  UNION ALL SELECT id, 5 + g, 'fact ' || md5((id * g)::text) FROM film, generate_series(1, floor(6 * pop)::int) g WHERE g NOT IN (3)
) s ORDER BY id, type;
-- Only what is popular is voted on.
INSERT INTO movie_info_idx
SELECT row_number() OVER (), id, type, info FROM (
  SELECT id, 99 AS type, (5 + floor(90000 * pop ^ 2))::int::text AS info FROM film WHERE pop > 0.03
  UNION ALL SELECT id, 101, round((3 + 4 * pop + CASE WHEN genre IN (4, 15) THEN 1.5 ELSE 0.4 END * random())::numeric, 1)::text FROM film WHERE pop > 0.03
  UNION ALL SELECT id, 112, (row_number() OVER (ORDER BY pop DESC))::text FROM (SELECT * FROM film ORDER BY pop DESC LIMIT 250) best
) s ORDER BY id, type;
INSERT INTO movie_link
SELECT i, f.id, 1 + floor(520000 * random())::int, (ARRAY['follows','followed by','remake of','features','references'])[1 + floor(5 * random())::int]
FROM (SELECT row_number() OVER () AS i, id FROM film, generate_series(1, 3) WHERE pop > 0.85) f;
DROP TABLE film, places;
VACUUM ANALYZE;
