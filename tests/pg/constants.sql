-- Statements with a constant in every place where SQL takes one, one a line.
-- everywhere
SELECT 1
SELECT 'a', 1.5, 1e10, true, null, E'a\nb', U&'\0061', b'101', x'1F', B'1', X'ff', $$a$$, $q$b$q$, N'a'
SELECT date '2024-01-01', time '10:00', timestamp '2024-01-01 10:00', timestamptz '2024-01-01 10:00+00'
SELECT timestamp with time zone '2024-01-01 10:00+00', timestamp without time zone '2024-01-01 10:00'
SELECT time with time zone '10:00+00', time without time zone '10:00', timestamp(3) '2024-01-01', time(3) with time zone '10:00+00'
SELECT interval '1 day', interval '1' day, interval '1' year to month, interval '10' minute to second(2), interval(3) '1 second', interval '5' second(1)
SELECT interval '1' month, interval '1' hour to minute, interval '1 2' day to hour, interval '1' second
SELECT double precision '1.5', float '1.5', float8 '1.5', real '1', numeric '1.5', numeric(10,2) '1.5', decimal(10,2) '1.5', dec '1'
SELECT int '1', integer '1', bigint '1', smallint '1', int4 '1', int8 '1', boolean 'true', bool 't'
SELECT text 'a', varchar 'a', varchar(10) 'a', character varying 'a', character varying(10) 'a', character(3) 'abc', char 'a', bpchar 'a', nchar(3) 'a', national character varying(3) 'a'
SELECT bit '1', bit(3) '101', bit varying '101', bit varying(5) '101', varbit '101'
SELECT uuid '00000000-0000-0000-0000-000000000000', inet '10.0.0.1', jsonb '{"a": 1}', json '[]', point '(1,2)', money '1', bytea 'a'
SELECT pg_catalog.date '2024-01-01', pg_catalog.int4 '5', mood 'sad', public.mood 'happy', "mood" 'sad', public."mood" 'sad'
SELECT regclass 't', regtype 'int', oid '5', name 'a', "char" 'a', cidr '10.0.0.0/8', macaddr '08:00:2b:01:02:03'
SELECT tsvector 'a b', tsquery 'a & b', int4range '[1,5)', tstzrange '[2024-01-01,2024-02-01)', daterange '[2024-01-01,2024-02-01)'
SELECT '1'::int, 'a'::varchar(10), cast('1' as bigint), cast('2024-01-01' as date), '{1,2}'::int[], 'a'::text COLLATE "C"
SELECT int4('1'), text('a'), float8(1)
SELECT extract(year from at), extract(epoch from local), extract('month' from day), extract(dow from span), extract(hour from clock) FROM t
SELECT extract("year" from at), date_part('year', at), date_trunc('day', at), date_trunc('month', local) FROM t
SELECT extract(timezone_hour from at), extract(millennium from at), EXTRACT(EPOCH FROM at - local) FROM t
SELECT extract(epoch from interval '1 day'), extract(day from date '2024-01-01')
SELECT id FROM t WHERE extract(year from at) = 2024
SELECT id FROM t LIMIT 10
SELECT id FROM t LIMIT 10 OFFSET 20
SELECT id FROM t OFFSET 20 ROWS FETCH FIRST 10 ROWS ONLY
SELECT id FROM t ORDER BY n FETCH FIRST 10 ROWS WITH TIES
SELECT id FROM t FETCH FIRST ROW ONLY
SELECT id FROM t FETCH NEXT (5 + 5) ROWS ONLY
SELECT id FROM t LIMIT ALL
SELECT id FROM t LIMIT null
SELECT id FROM t LIMIT 2 + 3
SELECT id FROM t LIMIT '5'
SELECT id FROM t OFFSET 5 ROWS
SELECT id FROM t WHERE n = 1 ORDER BY 1
SELECT n, count(*) FROM t GROUP BY 1 ORDER BY 2 DESC
SELECT n, name, count(*) FROM t GROUP BY 1, 2 HAVING count(*) > 5 ORDER BY 3, 1
SELECT n + 1, count(*) FROM t GROUP BY n + 1
SELECT n + 1 AS m, count(*) FROM t GROUP BY n + 1 ORDER BY n + 1
SELECT date_trunc('day', at), count(*) FROM t GROUP BY date_trunc('day', at)
SELECT date_trunc('day', at) AS d, count(*) FROM t GROUP BY d ORDER BY d
SELECT coalesce(n, 0), count(*) FROM t GROUP BY coalesce(n, 0) HAVING coalesce(n, 0) > 3
SELECT doc ->> 'a', count(*) FROM t GROUP BY doc ->> 'a' ORDER BY doc ->> 'a'
SELECT DISTINCT name || 'x' FROM t ORDER BY name || 'x'
SELECT DISTINCT ON (n % 10) id FROM t ORDER BY n % 10, id
SELECT DISTINCT ON (1) id, n FROM t ORDER BY 1
SELECT n, count(*) FROM t GROUP BY GROUPING SETS ((n), ()) HAVING grouping(n) = 0
SELECT extract(year from at), count(*) FROM t GROUP BY extract(year from at)
SELECT CASE WHEN n > 5 THEN 'a' ELSE 'b' END, count(*) FROM t GROUP BY CASE WHEN n > 5 THEN 'a' ELSE 'b' END
SELECT 'x', n FROM t GROUP BY 'x'::text, n
SELECT name FROM t UNION SELECT 'a' UNION ALL SELECT label FROM u ORDER BY 1 LIMIT 3
SELECT 1, 'a' UNION SELECT 2, 'b'
SELECT id FROM t WHERE n IN (1, 2, 3)
SELECT id FROM t WHERE n IN (1)
SELECT id FROM t WHERE name IN ('a', 'b', 'c', 'd') AND n NOT IN (1, 2)
SELECT id FROM t WHERE (n, name) IN ((1, 'a'), (2, 'b'))
SELECT id FROM t WHERE n = ANY (ARRAY[1, 2, 3]) AND name = ANY ('{a,b}')
SELECT id FROM t WHERE n = ANY (ARRAY[1, 2, 3]::int[]) OR name <> ALL (ARRAY['a', 'b'])
SELECT id FROM t WHERE day IN (date '2024-01-01', date '2024-01-02')
SELECT id FROM t WHERE day IN ('2024-01-01'::date, '2024-01-02'::date)
SELECT id FROM t WHERE n IN (-1, -2, 3 + 4)
SELECT id FROM t WHERE n IN (-1, -2)
SELECT ARRAY[1, 2, 3], ARRAY['a', 'b'], ARRAY[[1, 2], [3, 4]], ARRAY[]::int[]
SELECT id FROM t WHERE tags @> ARRAY['a', 'b'] AND tags && '{a}' AND tags <@ ARRAY['a']::text[]
SELECT id FROM t WHERE 'a' = ANY (tags) AND tags[1] = 'x' AND tags[1:2] = '{a,b}'
SELECT id FROM t WHERE n = -1 AND n > - 5 AND n < +3 AND n*-1 = 3
SELECT n-1, n -1, -n, -1, - 1, +1, 2 - -1 FROM t
SELECT id FROM t WHERE at AT TIME ZONE 'UTC' > local AND (local AT TIME ZONE 'Europe/Berlin')::date = '2024-01-01'
SELECT id FROM t WHERE at > now() - interval '1 day' AND at < now() - '1 hour'::interval AND at > current_date - 7
SELECT id FROM t WHERE at >= '2024-01-01' AND at < timestamp '2024-01-02' + interval '1' day
SELECT id FROM t WHERE at BETWEEN '2024-01-01' AND '2024-01-31' AND n BETWEEN SYMMETRIC 5 AND 1
SELECT id FROM t WHERE name LIKE 'a%' AND name NOT LIKE '%b' AND name ILIKE 'c' AND name SIMILAR TO '(a|b)%'
SELECT id FROM t WHERE name LIKE '%' || 'a' || '%' ESCAPE '!' AND name ~ '^a' AND name !~* 'b' AND name LIKE ANY (ARRAY['a%', 'b%'])
SELECT id FROM t WHERE name SIMILAR TO 'a%' ESCAPE '!' AND name ILIKE 'x%' ESCAPE ''
SELECT id FROM t WHERE substring(name from 1 for 3) = 'abc' AND substring(name, 2) = 'b' AND substring(name from 'a.c') IS NOT NULL
SELECT id FROM t WHERE substring(name similar 'a#"b#"c' escape '#') = 'b'
SELECT overlay(name placing 'x' from 1 for 2), position('a' in name), trim(both 'x' from name), trim('y' from name), trim(leading from name) FROM t
SELECT id FROM t WHERE flag = true AND flag IS TRUE AND flag AND NOT flag AND flag IS NOT FALSE
SELECT id FROM t WHERE flag = 't' AND flag = 'false'::boolean
SELECT id FROM t WHERE name IS NULL OR name IS DISTINCT FROM 'a' OR name IS NOT DISTINCT FROM null
SELECT id FROM t WHERE name = null
SELECT id FROM t WHERE null IS NULL OR n = 1
SELECT id FROM t WHERE '5' IS NULL OR n = 5
SELECT id FROM t WHERE 'a' = 'a' AND 1 = 1
SELECT id FROM t WHERE 1 = 1 AND true
SELECT id FROM t WHERE coalesce(name, '') = '' AND nullif(n, 0) IS NOT NULL AND greatest(n, 5) = 7
SELECT id FROM t WHERE coalesce(null, 'a') = name
SELECT CASE name WHEN 'a' THEN 1 WHEN 'b' THEN 2 ELSE 3 END, CASE WHEN n > 1 THEN 'x' END FROM t
SELECT doc -> 'a' -> 0 ->> 'b', doc #> '{a,b}', doc #>> '{a,0}', doc - 'a', doc || '{"a": 1}' FROM t
SELECT id FROM t WHERE doc @> '{"a": 1}' AND doc ? 'a' AND doc ?| array['a', 'b'] AND doc ?& '{a}' AND doc @? '$.a' AND doc @@ '$.a == 1'
SELECT id FROM t WHERE doc ->> 'a' = 'b' AND (doc ->> 'n')::int > 5 AND doc['a']['b'] = '1' AND raw ->> 'a' = 'b'
SELECT jsonb_build_object('a', 1, 'b', n), json_build_array(1, 'a', null), jsonb_set(doc, '{a}', '1'), jsonb_path_query(doc, '$.a') FROM t
SELECT id FROM t WHERE words @@ to_tsquery('english', 'a & b') AND words @@ 'c' AND to_tsvector('english', name) @@ plainto_tsquery('x')
SELECT id FROM t WHERE bits = B'1010' AND bits = x'A' AND bytes = '\xDEAD' AND key = '00000000-0000-0000-0000-000000000000'
SELECT id FROM t WHERE during @> now() AND during && '[2024-01-01,2024-02-01)' AND during @> timestamptz '2024-01-01' AND spot <@ box '((0,0),(1,1))' AND net << '10.0.0.0/8'
SELECT id FROM t ORDER BY spot <-> point '(0,0)' LIMIT 5
SELECT id FROM t WHERE name COLLATE "C" < 'x' AND name < 'x' COLLATE "C" AND lower(name) = lower('A')
SELECT id FROM t WHERE (n, id) > (5, 10) AND (n, id) = (1, 2) AND ROW(n, name) < ROW(5, 'x')
SELECT id FROM t WHERE (day, day + 5) OVERLAPS (date '2024-01-01', interval '5 days')
SELECT ROW(1, 'a'), (1, 2), ROW()
SELECT generate_series(1, 10), generate_series('2024-01-01'::date, '2024-01-10', '1 day')
SELECT * FROM generate_series(1, 10) g, unnest(ARRAY[1, 2]) WITH ORDINALITY, unnest('{a,b}'::text[]) x
SELECT * FROM (VALUES (1, 'a'), (2, 'b'), (3, 'c')) v (a, b) WHERE a > 1
VALUES (1, 'a'), (2, null)
SELECT id FROM t JOIN (VALUES (1), (2)) v (k) ON t.n = v.k
SELECT count(1), count('x'), max(5), array_agg('a'::text), json_agg(1), sum(1.5), count(DISTINCT 5) FROM t
SELECT U&'d!0061t' UESCAPE '!', name FROM t WHERE name = U&'x!0061' UESCAPE '!'
SELECT '[1,2]'::json, box(point '(0,0)', point(1, 2)), 'a' < 'b', interval '1 day' > '2 days', not 'f', 5 between 1 and 10
SELECT date_trunc('day', at) + interval '1 day', sum(n) FROM t WHERE at > '2024-01-01' GROUP BY date_trunc('day', at) + interval '1 day' HAVING sum(n) > 5 ORDER BY date_trunc('day', at) + interval '1 day' DESC NULLS LAST LIMIT 7
SELECT id, row_number() OVER (PARTITION BY n % 5 ORDER BY coalesce(n, 0) DESC) FROM t ORDER BY coalesce(n, 0)
SELECT extract(month from at) m, n, count(*) FROM t GROUP BY GROUPING SETS ((extract(month from at), n), (n), ()) ORDER BY extract(month from at)
SELECT count(*) FILTER (WHERE n > 5), string_agg(name, ', ' ORDER BY id), percentile_cont(0.5) WITHIN GROUP (ORDER BY n), array_agg(n ORDER BY n DESC) FROM t
SELECT percentile_cont(ARRAY[0.5, 0.9]) WITHIN GROUP (ORDER BY x), mode() WITHIN GROUP (ORDER BY n), rank(5) WITHIN GROUP (ORDER BY n) FROM t
SELECT lag(n, 1, 0) OVER (ORDER BY id), ntile(4) OVER w, sum(n) OVER (ORDER BY id ROWS BETWEEN 5 PRECEDING AND 2 FOLLOWING), nth_value(n, 2) OVER w FROM t WINDOW w AS (PARTITION BY n % 10 ORDER BY id)
SELECT sum(n) OVER (ORDER BY at RANGE BETWEEN '1 day' PRECEDING AND interval '1 day' FOLLOWING), sum(n) OVER (ORDER BY id GROUPS 2 PRECEDING) FROM t
SELECT id FROM t TABLESAMPLE BERNOULLI (10) REPEATABLE (42)
SELECT id FROM t TABLESAMPLE SYSTEM (1.5)
WITH RECURSIVE r (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM r WHERE n < 100) SELECT n FROM r
WITH RECURSIVE r AS (SELECT id, t_id, 'a' AS k FROM u WHERE id = 1 UNION ALL SELECT u.id, u.t_id, 'b' FROM u JOIN r ON u.t_id = r.id) SEARCH DEPTH FIRST BY id SET ord CYCLE id SET is_cycle TO 'Y' DEFAULT 'N' USING path SELECT * FROM r WHERE is_cycle = 'N'
WITH RECURSIVE r AS (SELECT id, t_id FROM u WHERE id = 1 UNION ALL SELECT u.id, u.t_id FROM u JOIN r ON u.t_id = r.id) CYCLE id SET c USING path SELECT * FROM r LIMIT 5
SELECT id FROM t FOR UPDATE SKIP LOCKED LIMIT 1
SELECT id FROM t WHERE id = 1 FOR NO KEY UPDATE OF t NOWAIT
SELECT name AS "a'b", 'it''s', 'back\slash' FROM t
select'a',n from t where name='a'and flag and n in(1,2)and code='b'or code='c'
SELECT t.*, 'x'::varchar AS y, 1::numeric(5,1), 5::bigint * 2 FROM t
SELECT current_setting('work_mem'), set_config('work_mem', '4MB', true), nextval('pg_catalog.pg_class'::regclass::text::regclass) WHERE false
SELECT to_char(at, 'YYYY-MM'), to_date('2024', 'YYYY'), to_timestamp(0), make_interval(days => 5), format('%s', name), concat('a', n, null), repeat('a', 3) FROM t
SELECT make_date(2024, 1, 1), make_interval(0, 0, 0, 5), round(price, 2), round(x), mod(n, 3), power(n, 2), n ^ 2, n % 3, n # 3, ~5, @ -5, |/ 25 FROM t
SELECT regexp_replace(name, 'a', 'b', 'g'), regexp_split_to_array(name, ','), string_to_array(name, ','), split_part(name, '-', 1), left(name, 3), lpad(code, 5, '0'), array_to_string(tags, ','), array_position(tags, 'a') FROM t
SELECT array_length(tags, 1), cardinality(tags), tags || 'x'::text, tags || ARRAY['y'], array_append(tags, 'z'), 'a' || name || 1 FROM t
SELECT money * 2, money / 3.0, '5'::money FROM t
SELECT * FROM json_to_recordset('[{"a":1}]') AS x (a int, b text)
SELECT * FROM jsonb_to_record('{"a":1}') AS x (a int), jsonb_array_elements('[1,2]') e, json_each_text('{"a":1}'), regexp_split_to_table('a,b', ',') z
SELECT * FROM ROWS FROM (generate_series(1, 3), unnest(ARRAY['a'])) AS z (a, b)
SELECT (SELECT label FROM u WHERE t_id = t.id AND label <> 'x' ORDER BY id DESC LIMIT 1) FROM t WHERE EXISTS (SELECT 1 FROM u WHERE u.t_id = t.id AND label = 'a')
SELECT * FROM t LEFT JOIN LATERAL (SELECT label FROM u WHERE t_id = t.id LIMIT 3) l ON true WHERE n = 5
SELECT id FROM t WHERE n > ALL (SELECT id FROM u WHERE label = 'a') AND n + 1 NOT IN (SELECT t_id FROM u WHERE t_id IS NOT NULL AND t_id > 0)
SELECT id FROM m WHERE mood = 'sad' AND mood > 'happy'::mood AND share > 5 AND share = 7::percent
SELECT * FROM t WHERE day = '2024-01-01' AND clock > '10:00' AND span < '1 day' AND price >= 9.99 AND x < 1e5 AND money > '5'
SELECT * FROM t WHERE day > current_date - 7 AND day - date '2024-01-01' > 5 AND at > localtimestamp(0) AND clock < current_time(2)
SELECT * FROM t WHERE day > now()::date - interval '3 months' AND at + '1 day' > now() AND at - interval '1 day' * 5 < now()
SELECT 2 * interval '1 day', interval '1 day' / 2, - interval '1 day'
SELECT * FROM t WHERE at::date = '2024-01-01' AND at > '2024-01-01'::timestamptz AT TIME ZONE 'UTC' AND local = (date '2024-01-01' + time '10:00')
SELECT age(at), age('2024-01-01', at), justify_days(interval '40 days'), isfinite(date '2024-01-01') FROM t
SELECT .5, 5., 1.5e-3
SELECT 12345678901, 123456789012345678901234567890, 2147483648
SELECT id FROM t WHERE tags IN ('{a}', '{b}') AND n IN (SELECT id FROM u WHERE label = 'x')
SELECT id FROM t WHERE current_user = 'x' AND session_user <> 'y' AND current_schema = 'public'
SELECT id FROM t WHERE (name, 'x') = ('a', name)
SELECT id FROM t WHERE name = 'a' OR (name = 'b' AND n IN (1, 2)) OR NOT (n = 3 OR n = 4)
SELECT id FROM t WHERE n = 5 AND ctid = '(0,1)' AND tableoid = 't'::regclass
SELECT json '{"a":1}' -> 'a', '{"a":1}'::json -> 'a'
SELECT array[1,2,3] @> array[1], int4range(1, 5) @> 3, '[1,5)'::int4range @> 3, '{[1,3)}'::int4multirange
SELECT f.a FROM (SELECT 1 AS a, 'x' AS b) f WHERE f.b = 'x'
SELECT 'a' AS k FROM t GROUP BY k
SELECT 'a' AS k, count(*) FROM t GROUP BY 1
SELECT treat FROM (SELECT 1 AS treat) q
SELECT collation for ('a'), 'a' IS NORMALIZED, normalize('a', NFC)
SELECT * FROM t WHERE name = 'a' /* 'x' $1 */ AND n = 1 -- $2 it's
SELECT "id" FROM "t" "Odd $1" WHERE "Odd $1".n = 1
INSERT INTO t (id, name, n) VALUES (1001, 'a', DEFAULT), (1002, 'b', -1)
INSERT INTO t (id, name, at, day, doc, tags, span) VALUES (1003, 'a', now(), '2024-01-01', '{}', '{a,b}', interval '1' day)
INSERT INTO t (id, name) VALUES (1001, 'a') ON CONFLICT (id) DO UPDATE SET name = excluded.name || 'x', n = 5 WHERE t.n > 3 RETURNING id, 'a'
INSERT INTO t (id, name) VALUES (1001, 'a') ON CONFLICT DO NOTHING
INSERT INTO t (id, name, n) SELECT id + 2000, label, 5 FROM u WHERE label = 'x'
INSERT INTO t (id, name) SELECT 3000, 'x' UNION ALL SELECT 3001, 'y'
INSERT INTO u SELECT 1, 2, 'x' WHERE NOT EXISTS (SELECT FROM u WHERE id = 1)
INSERT INTO m VALUES (1, 'sad', 5)
INSERT INTO m (id, mood) SELECT 1, 'sad'
UPDATE t SET name = 'a', n = n + 1, day = '2024-01-01', price = 9.99, flag = false, tags[1] = 'x', doc['a'] = '1' WHERE id = 1
UPDATE t SET (name, n) = ('a', 5) WHERE id = 1
UPDATE t SET (name, n) = (SELECT label, 5 FROM u WHERE u.id = 1) WHERE id = 1 RETURNING *, 'x'
UPDATE t SET name = CASE id WHEN 1 THEN 'a' WHEN 2 THEN 'b' END WHERE id IN (1, 2)
UPDATE t SET name = u.label, span = interval '1 day' FROM u WHERE u.t_id = t.id AND u.label LIKE 'a%'
UPDATE t SET name = v.b FROM (VALUES (1, 'a'), (2, 'b')) v (a, b) WHERE v.a = t.id
UPDATE t SET at = now() - interval '1 hour', name = null WHERE extract(dow from at) = 5
DELETE FROM t WHERE id = 5 OR name = 'x'
DELETE FROM t USING u WHERE u.t_id = t.id AND u.label = 'a' AND t.at < now() - interval '30 days'
WITH gone AS (DELETE FROM u WHERE label = 'x' RETURNING id) INSERT INTO m (id) SELECT id + 5 FROM gone
WITH a AS MATERIALIZED (SELECT 1 AS n), b AS NOT MATERIALIZED (SELECT 'x' AS s) SELECT * FROM a, b WHERE n = 1
MERGE INTO t USING u ON t.id = u.t_id AND u.label = 'a' WHEN MATCHED AND t.n > 5 THEN UPDATE SET name = 'x', n = 7 WHEN MATCHED THEN DELETE WHEN NOT MATCHED THEN INSERT (id, name) VALUES (u.id + 5000, 'new')
-- with libxml
SELECT xmlelement(name a, xmlattributes('b' AS c), 'x'), xmlforest(n AS b), xpath('/a/text()', page), xmlparse(document '<a/>'), xmlserialize(content page AS text), xmlpi(name x, 'y'), xmlroot('<a/>'::xml, version '1.0', standalone yes) FROM t
SELECT * FROM t, xmltable('/a/b' PASSING page COLUMNS c int PATH 'c' DEFAULT 5, d text PATH '@d', o FOR ORDINALITY)
SELECT page IS DOCUMENT, xmlexists('/a' PASSING page) FROM t
-- from 16
SELECT any_value(n), json_arrayagg(name), json_objectagg('a' : n), 1_000_000, json_array(1, 'a'), json_object('a' : 1) FROM t
SELECT doc IS JSON OBJECT FROM t WHERE name IS JSON AND random_normal(0, 1) > 5
SELECT 0x1F, 1_000, 0b101, 0o17
SELECT extract(year from at), (SELECT 1) FROM t WHERE n = 0xFF
SELECT system_user = 'x'
-- from 17
SELECT j.* FROM t, JSON_TABLE(doc, '$.items[*]' PASSING 5 AS p COLUMNS (id FOR ORDINALITY, a text PATH '$.a' DEFAULT 'x' ON EMPTY, b int EXISTS PATH '$.b', NESTED PATH '$.c[*]' COLUMNS (d int PATH '$'))) j WHERE j.a = 'x'
SELECT JSON_VALUE(doc, '$.a' RETURNING int DEFAULT 5 ON ERROR), JSON_QUERY(doc, '$.b' WITH WRAPPER), JSON_EXISTS(doc, '$.c ? (@ > $x)' PASSING 1 AS x) FROM t WHERE JSON_VALUE(doc, '$.k') = 'v'
SELECT JSON('{"a":1}'), JSON_SCALAR('a'), JSON_SERIALIZE('{}' RETURNING text)
SELECT at AT LOCAL, merge_action FROM (SELECT now() AS at, 'x' AS merge_action) q
MERGE INTO t USING u ON t.id = u.t_id WHEN NOT MATCHED BY SOURCE AND t.n = 5 THEN DELETE WHEN NOT MATCHED BY TARGET THEN INSERT (id) VALUES (u.id + 7000) RETURNING merge_action(), t.id, 'x'
-- from 18
UPDATE t SET n = 5 WHERE id = 1 RETURNING old.n, new.n, 'x'
INSERT INTO u (id, label) VALUES (901, 'a') ON CONFLICT (id) DO UPDATE SET label = 'b' RETURNING WITH (OLD AS o, NEW AS w) o.label, w.label, 5
SELECT uuidv7(interval '1 day'), casefold('a'), array_sort(ARRAY[3, 1]), array_reverse(tags), crc32('a'), '5'::jsonb::int FROM t WHERE name = 'x'
