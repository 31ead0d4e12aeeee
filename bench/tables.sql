-- What `python -m bench pages` fills the tables with: people that nobody is, and years of work on them.
-- Sizes come as settings: bench.candidates, bench.jobs. Everything follows from a row's number, so that it is always
-- the same. What is not in the index is where it is hardest to find: half of it among the oldest rows.

CREATE FUNCTION pg_temp.pick(words text[], n bigint, salt int) RETURNS text LANGUAGE sql IMMUTABLE AS
'SELECT words[1 + (hashint8extended(n, salt) & 2147483647) % cardinality(words)]';

CREATE FUNCTION pg_temp.dice(n bigint, salt int, sides int) RETURNS int LANGUAGE sql IMMUTABLE AS
'SELECT ((hashint8extended(n, salt) & 2147483647) % sides)::int';

CREATE TEMP TABLE words AS SELECT
    string_to_array('Ana María Carmen Lucía Marta Elena Sara Paula Inés Julia Pilar Rocío Nuria Irene Alba Jorge Luis '
        'Pablo Diego Javier Carlos Andrés Iván Hugo Mario Emma Olivia Grace Alice Ruth Jack Oliver Harry George Noah '
        'Thomas James Emily Chloe Sophie', ' ') AS given,
    string_to_array('García Martínez López Sánchez Pérez Gómez Ruiz Díaz Moreno Muñoz Álvarez Romero Navarro Torres '
        'Domínguez Vázquez Ramos Gil Serrano Blanco Molina Castro Ortega Rubio Núñez Ibáñez Iglesias Peña Vidal Cano '
        'Smith Jones Taylor Brown Williams Wilson Johnson Davies Patel Wright Walker White Edwards Hughes Green Hall '
        'Lewis Harris Clarke Jackson', ' ') AS family,
    ARRAY['Madrid', 'Barcelona', 'Bilbao', 'Sevilla', 'Valencia', 'Lima', 'Bogotá', 'Quito', 'Santiago', 'London',
          'Leeds', 'Dublin', 'Remote'] AS places,
    ARRAY['Python', 'SQL', 'dbt', 'Airflow', 'Kafka', 'React', 'Excel', 'ICU nursing', 'Welding', 'Payroll', 'Logistics',
          'Teaching', 'Negotiation', 'AutoCAD', 'Triage', 'Cooking', 'Terraform', 'SAP', 'Recruiting', 'Copywriting'] AS skills,
    ARRAY['Data engineer', 'Nurse', 'Welder', 'Teacher', 'Accountant', 'Cook', 'Warehouse lead', 'Ingeniera civil',
          'Enfermero', 'Administrativa', 'Product manager', 'Electrician'] AS titles,
    (SELECT array_agg(pg_temp.pick(ARRAY['Led', 'Built', 'Measured', 'Diseñó', 'Coordinó', 'Tested', 'Taught'], n, 1)
        || ' ' || pg_temp.pick(ARRAY['a team of nine', 'el turno de noche', 'pipelines in two countries', 'three wards',
            'the yearly budget', 'un almacén de 4.000 m²', 'courses for beginners', 'bridges and roads'], n, 2)
        || ' ' || pg_temp.pick(ARRAY['under tight deadlines', 'con clientes de toda Europa', 'and halved the cost',
            'without one accident', 'and documented every step', 'y mejoró la calidad', 'for a public hospital'], n, 3)
        || '.') FROM generate_series(1, 97) n) AS phrases;

INSERT INTO candidates (external_id, full_name, headline, summary, skills, experience, education, years_experience,
                        location, languages, status, opted_out, created_at, updated_at)
SELECT 'ATS-' || lpad(n::text, 7, '0'),
       CASE WHEN n % 250000 = 9 THEN 'Zulema Quispe' ELSE
           pg_temp.pick(given, n, 1) || ' ' || pg_temp.pick(family, n, 2) || ' ' || pg_temp.pick(family, n, 3) END,
       pg_temp.pick(titles, n, 4) || ', ' || pg_temp.pick(places, n, 5),
       concat_ws(' ', pg_temp.pick(phrases, n, 10), pg_temp.pick(phrases, n, 11), pg_temp.pick(phrases, n, 12)),
       CASE WHEN n % 100000 = 17 THEN ARRAY['Falconry'] ELSE
           ARRAY[pg_temp.pick(skills, n, 20), pg_temp.pick(skills, n, 21), pg_temp.pick(skills, n, 22)] END,
       jsonb_build_array(
           jsonb_build_object('title', pg_temp.pick(titles, n, 30), 'company', pg_temp.pick(family, n, 31) || ' S.A.',
               'start', '2016', 'summary', pg_temp.pick(phrases, n, 32) || ' ' || pg_temp.pick(phrases, n, 33)),
           jsonb_build_object('title', pg_temp.pick(titles, n, 34), 'company', pg_temp.pick(family, n, 35) || ' Ltd',
               'start', '2020', 'summary', pg_temp.pick(phrases, n, 36) || ' ' || pg_temp.pick(phrases, n, 37))),
       jsonb_build_array(jsonb_build_object('degree', 'BSc', 'school', pg_temp.pick(places, n, 40), 'end', '2015')),
       pg_temp.dice(n, 50, 40),
       CASE WHEN n % 200000 = 23 THEN 'Teruel' ELSE pg_temp.pick(places, n, 51) END,
       CASE n % 3 WHEN 0 THEN ARRAY['es'] WHEN 1 THEN ARRAY['en', 'es'] ELSE ARRAY['en'] END,
       CASE WHEN n % 20 = 3 THEN 'archived' ELSE 'active' END,
       n % 2000 = 5,
       now() - interval '400 days' + n * interval '30 seconds',
       now() - interval '400 days' + n * interval '30 seconds'
FROM generate_series(1, current_setting('bench.candidates')::bigint) n, words;

INSERT INTO people (name, password_hash, role)
SELECT pg_temp.pick(given, n, 1) || ' ' || pg_temp.pick(family, n, 2) || ' ' || n, '-', 'operator'
FROM generate_series(1, 300) n, words;

INSERT INTO api_tokens (name, prefix, digest, scopes)
SELECT 'nightly ' || n, lpad(to_hex(n), 8, '0'), '-', ARRAY['read'] FROM generate_series(1, 500) n;

INSERT INTO jobs (id, kind, queue, title, payload, scope, status, message, requested_by, reason, total, done, skipped,
                  failed, tokens, calls, model, error_code, error_detail, created_at, split_at, started_at, finished_at,
                  updated_at)
SELECT md5('job ' || n)::uuid, kind, CASE WHEN kind LIKE 'etl%' THEN 'jobs:etl' ELSE 'jobs:maintenance' END,
       CASE kind WHEN 'etl.sync' THEN 'Sync everybody not indexed' WHEN 'etl.embed' THEN 'Index 40 chosen candidates'
           ELSE 'Retry many, ' || n END,
       CASE WHEN kind = 'jobs.bulk' THEN '{"act": "retry", "numbers": [1]}'
           WHEN kind = 'failures.bulk' THEN '{"act": "retry", "ids": [1]}' ELSE '{}' END::jsonb, 'scope ' || n, status,
       CASE WHEN status = 'completed' THEN 'All done.' ELSE 'Stopped at record ' || n || '.' END,
       pg_temp.pick(given, pg_temp.dice(n, 60, 12), 61) || ' ' || pg_temp.pick(family, pg_temp.dice(n, 60, 12), 62),
       CASE WHEN n % 50 = 0 THEN 'ticket ' || n / 50 ELSE '' END, 200, 190, 8, 2, 44000, 3, 'embed-v4.0',
       CASE WHEN status = 'failed' THEN pg_temp.pick(ARRAY['cohere_timeout', 'qdrant_unreachable', 'unexpected'], n, 63) END,
       CASE WHEN status = 'failed' THEN repeat('Traceback line, as long as they are. ', 30) END,
       began, CASE WHEN status <> 'queued' THEN began END, CASE WHEN status <> 'queued' THEN began END,
       CASE WHEN NOT running THEN began + interval '40 seconds' END, began + interval '40 seconds'
FROM words, LATERAL (
    SELECT n, now() - (sizes.jobs - n) * interval '2 minutes' AS began, n > sizes.jobs - 1100 AS running,
           pg_temp.pick(ARRAY['etl.sync', 'etl.embed', 'etl.embed', 'etl.embed', 'jobs.bulk', 'failures.bulk'], n, 64) AS kind,
           CASE WHEN n <= sizes.jobs - 1100
               THEN pg_temp.pick(ARRAY['completed', 'completed', 'completed', 'completed', 'completed', 'completed',
                   'completed', 'completed_with_errors', 'cancelled', 'failed'], n, 65)
               ELSE pg_temp.pick(ARRAY['queued', 'queued', 'queued', 'queued', 'queued', 'queued', 'queued', 'queued',
                   'running', 'waiting'], n, 66) END AS status
    FROM (SELECT current_setting('bench.jobs')::bigint AS jobs) sizes, generate_series(1, sizes.jobs) n
) made;

UPDATE jobs SET status = 'cancelling' WHERE status = 'waiting' AND number % 3 = 0;

UPDATE jobs SET steps = '[
    {"name": "extract", "status": "done", "total": 200, "done": 198, "skipped": 0, "failed": 2},
    {"name": "embed", "status": "done", "total": 198, "done": 190, "skipped": 8, "failed": 0},
    {"name": "index", "status": "done", "total": 198, "done": 198, "skipped": 0, "failed": 0}]'
WHERE kind LIKE 'etl%';

UPDATE jobs SET retry_of = md5('job ' || number - 40)::uuid WHERE number % 25 = 0 AND number > 40;

INSERT INTO parts (job_id, n, status, record_ids, cursor, total, done, skipped, failed, attempt, started_at, finished_at)
SELECT id, part, CASE status WHEN 'completed' THEN 'done' WHEN 'completed_with_errors' THEN 'done' WHEN 'cancelling'
       THEN 'running' ELSE status END, ARRAY(SELECT generate_series(number * 4 + part, number * 4 + part + 99)),
       CASE WHEN finished_at IS NULL THEN 10 ELSE 100 END, 100, 95, 4, 1, 1, started_at, finished_at
FROM jobs, generate_series(0, 1) part WHERE split_at IS NOT NULL;

-- One job as large as the whole table.
INSERT INTO parts (job_id, n, status, record_ids, cursor, total, done)
SELECT md5('job 7')::uuid, 10 + id / 9600, 'done', array_agg(id), count(*), count(*), count(*)
FROM candidates GROUP BY id / 9600;

INSERT INTO job_events (job_id, part, at, level, message)
SELECT id, n % 2, created_at + n * interval '9 seconds', CASE WHEN n = 3 THEN 'wait' ELSE 'info' END, 'Line ' || n
FROM jobs, generate_series(1, 3) n;

INSERT INTO job_results (job_id, record_id, outcome, sentence)
SELECT id, n, 'done', 'A retry was launched.' FROM jobs, generate_series(1, 20) n WHERE kind = 'jobs.bulk' AND number % 40 = 0;

INSERT INTO spend (job_id, model, day, kind, person, calls, inputs, tokens)
SELECT id, model, (created_at AT TIME ZONE 'UTC')::date, kind, requested_by, calls, 200, tokens FROM jobs WHERE kind LIKE 'etl%';

INSERT INTO audit_events (at, actor, action, target, reason, after)
SELECT created_at, requested_by, CASE WHEN number % 9 = 0 THEN 'job.cancel' ELSE 'job.launch' END, id::text, reason, '{"kind": "etl.sync"}'::jsonb
FROM jobs
UNION ALL
SELECT now() - n * interval '3 minutes', pg_temp.pick(given, n, 1), 'session.login', 'person:' || n % 300, '', NULL
FROM words, generate_series(1, 100000) n;

INSERT INTO alerts (rule, subject, sentence, fired_at, cleared_at)
SELECT 'job_stalled', md5('job ' || n), 'Nothing has moved for 5 minutes.', now() - n * interval '1 hour',
       CASE WHEN n > 12 THEN now() - n * interval '50 minutes' END
FROM generate_series(1, 5000) n;

-- Open failures: 2,000 of the collection in use, 18,000 of one before; the rest is closed.
INSERT INTO failures (record_kind, collection, record_id, job_id, part, step, cause, reason, status, source_version,
                      first_seen, last_seen, closed_at, closed_by)
SELECT 'candidate', CASE WHEN n <= 2000 THEN 'bench_2' ELSE 'bench_1' END,
       1 + n * greatest(1, current_setting('bench.candidates')::bigint / 50001), md5('job ' || 1 + n * 3 % current_setting('bench.jobs')::bigint)::uuid, 0,
       CASE WHEN n % 3 = 0 THEN 'index' ELSE 'embed' END,
       pg_temp.pick(ARRAY['text_refused', 'text_refused', 'text_too_long', 'text_empty', 'record_unreadable',
           'cohere_timeout', 'qdrant_slow', 'text_not_unicode'], n, 70),
       'The provider refused text number ' || n || '.', CASE WHEN n <= 20000 THEN 'open' WHEN n % 2 = 0 THEN 'resolved' ELSE 'discarded' END,
       now(), now() - n * interval '7 minutes', now() - n * interval '5 minutes',
       CASE WHEN n > 20000 THEN now() END, CASE WHEN n > 20000 THEN 'Ana Ruiz' END
FROM generate_series(1, 50000) n;

-- Missing 2 in 100 and stale 1 in 100, half of them everywhere and half among the oldest.
INSERT INTO index_state (record_kind, collection, record_id, content_hash, payload_hash, model, dimension,
                         source_version, job_id, indexed_at)
SELECT 'candidate', 'bench_2', id, sha256(int8send(id)), sha256(int8send(-id)), 'embed-v4.0', 1024,
       updated_at - CASE WHEN id % 200 = 11 OR id % 20 = 11 AND id < people / 10 THEN interval '1 second' ELSE interval '0' END,
       md5('job ' || 1 + id % 1000)::uuid, updated_at
FROM candidates, (SELECT current_setting('bench.candidates')::bigint AS people) sizes
WHERE NOT (id % 100 = 7 OR id % 10 = 7 AND id < people / 10) AND id % 4000 <> 5;

INSERT INTO censuses (collection) VALUES ('bench_1'), ('bench_2');

VACUUM ANALYZE
