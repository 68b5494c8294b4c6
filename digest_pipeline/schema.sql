-- The tables and views of the warehouse. People's columns are described in docs/sql.md.
--
-- Portable on purpose: no primary keys, unique constraints, indexes, sequences or enums; uniqueness
-- is a check of the pipeline. Times are UTC without a zone, `day` is the calendar day of the settings.
-- A change of a table is a new section "-- version N"; the views are made anew after every change.

-- version 1
CREATE SCHEMA pipeline;
CREATE TABLE pipeline.schema_version (version INTEGER NOT NULL);

-- The commit index: every commit of the tracked branch, and where and when it landed. Insert-only;
-- what a rewritten history dropped is marked. Moments are seconds since 1970, exact for any year.
CREATE TABLE pipeline.tips (repo VARCHAR NOT NULL, tip VARCHAR NOT NULL, fetched_at BIGINT NOT NULL);
CREATE TABLE pipeline.landings (
  repo VARCHAR NOT NULL,
  sha VARCHAR NOT NULL,
  parents VARCHAR[] NOT NULL,
  committed_at BIGINT NOT NULL,
  author_email VARCHAR NOT NULL,
  landed_by VARCHAR NOT NULL,
  landed_at BIGINT NOT NULL,
  position BIGINT NOT NULL,
  landed_with BIGINT NOT NULL,
  reachable BOOLEAN NOT NULL
);

-- Station 2 writes the rows, station 3 fills in the columns from change_type on. `reverted_by` follows
-- from `reverts` and is kept up to date by every write: joined in the view instead, it made every
-- question about all commits four times slower.
CREATE TABLE pipeline.commit_rows (
  repo VARCHAR NOT NULL,
  sha VARCHAR NOT NULL,
  day DATE NOT NULL,
  landed_at TIMESTAMP NOT NULL,
  committed_at TIMESTAMP NOT NULL,
  authored_at TIMESTAMP NOT NULL,
  author_name VARCHAR NOT NULL,
  author_email VARCHAR NOT NULL,
  committer_name VARCHAR NOT NULL,
  subject VARCHAR NOT NULL,
  body VARCHAR NOT NULL,
  pr_number BIGINT,
  is_merge BOOLEAN NOT NULL,
  landed_by VARCHAR NOT NULL,
  files_changed BIGINT NOT NULL,
  insertions BIGINT NOT NULL,
  deletions BIGINT NOT NULL,
  position BIGINT NOT NULL,
  reachable BOOLEAN NOT NULL,
  change_type VARCHAR,
  area VARCHAR,
  importance VARCHAR,
  importance_score DOUBLE,
  importance_reasons VARCHAR[],
  reverts VARCHAR,
  reverted_by VARCHAR,
  series VARCHAR
);
CREATE TABLE pipeline.file_rows (
  repo VARCHAR NOT NULL,
  sha VARCHAR NOT NULL,
  day DATE NOT NULL,
  path VARCHAR NOT NULL,
  old_path VARCHAR,
  status VARCHAR NOT NULL,
  insertions BIGINT,
  deletions BIGINT,
  is_binary BOOLEAN NOT NULL,
  kind VARCHAR NOT NULL,
  is_merge BOOLEAN NOT NULL,
  ordinal BIGINT NOT NULL,
  reachable BOOLEAN NOT NULL
);

CREATE TABLE analyses (
  repo VARCHAR NOT NULL,
  sha VARCHAR NOT NULL,
  day DATE NOT NULL,
  tier VARCHAR NOT NULL,
  source VARCHAR NOT NULL,
  state VARCHAR NOT NULL,
  reason VARCHAR,
  change_type VARCHAR NOT NULL,
  summary VARCHAR NOT NULL,
  scope VARCHAR[] NOT NULL,
  behaviour VARCHAR[] NOT NULL,
  insights STRUCT(architecture VARCHAR, performance VARCHAR, security VARCHAR) NOT NULL,
  risks STRUCT("text" VARCHAR, file VARCHAR, quote VARCHAR)[] NOT NULL,
  advice VARCHAR[] NOT NULL,
  unverified BIGINT NOT NULL,
  coverage DOUBLE NOT NULL,
  answer_key VARCHAR
);
-- The sentences of a model on a day as a whole, with the commits that each rests on.
CREATE TABLE pipeline.highlights (
  repo VARCHAR NOT NULL,
  day DATE NOT NULL,
  position BIGINT NOT NULL,
  sentence VARCHAR NOT NULL,
  shas VARCHAR[] NOT NULL
);
CREATE TABLE model_calls (
  answer_key VARCHAR NOT NULL,
  model VARCHAR NOT NULL,
  called_at TIMESTAMP NOT NULL,
  latency_ms BIGINT NOT NULL,
  status VARCHAR NOT NULL,
  tokens_in BIGINT NOT NULL,
  tokens_out BIGINT NOT NULL,
  cost_usd DOUBLE
);
CREATE TABLE days (
  repo VARCHAR NOT NULL,
  day DATE NOT NULL,
  state VARCHAR NOT NULL,
  reason VARCHAR,
  commits BIGINT NOT NULL,
  high BIGINT NOT NULL,
  medium BIGINT NOT NULL,
  low BIGINT NOT NULL,
  analysed BIGINT NOT NULL,
  pending BIGINT NOT NULL,
  cost_usd DOUBLE,
  head_sha VARCHAR,
  materialized_at TIMESTAMP,
  report_path VARCHAR
);

-- version 2
-- What a message names of earlier commits, as `reverts`; a day has it once its analyses are made anew.
ALTER TABLE pipeline.commit_rows ADD COLUMN relands VARCHAR;
ALTER TABLE pipeline.commit_rows ADD COLUMN follows VARCHAR[];

-- views
-- A commit that a rewritten history dropped is in none of them. Sums take the non-merge commits: a
-- merge's files are those of the branch once more.
CREATE OR REPLACE VIEW commits AS
SELECT
  repo, sha, day, landed_at, committed_at, authored_at, author_name, author_email, committer_name,
  subject, body, pr_number, is_merge, landed_by, files_changed, insertions, deletions, change_type,
  area, importance, importance_score, importance_reasons, reverts, reverted_by, series,
  relands, follows
FROM pipeline.commit_rows
WHERE reachable;

CREATE OR REPLACE VIEW commit_files AS
SELECT repo, sha, day, path, old_path, status, insertions, deletions, is_binary, kind, is_merge
FROM pipeline.file_rows
WHERE reachable;

CREATE OR REPLACE VIEW daily_activity AS
SELECT
  repo,
  day,
  count(*) AS commits,
  count(DISTINCT author_email) AS authors,
  sum(files_changed)::BIGINT AS files_changed,
  sum(insertions)::BIGINT AS insertions,
  sum(deletions)::BIGINT AS deletions,
  count(*) FILTER (importance = 'high') AS high,
  count(*) FILTER (importance = 'medium') AS medium,
  count(*) FILTER (importance = 'low') AS low,
  count(*) FILTER (reverts IS NOT NULL) AS reverts
FROM pipeline.commit_rows
WHERE reachable AND NOT is_merge
GROUP BY repo, day;

CREATE OR REPLACE VIEW author_activity AS
SELECT
  repo,
  day,
  author_email,
  max_by(author_name, position) AS author_name,
  count(*) AS commits,
  sum(files_changed)::BIGINT AS files_changed,
  sum(insertions)::BIGINT AS insertions,
  sum(deletions)::BIGINT AS deletions,
  count(*) FILTER (importance = 'high') AS high
FROM pipeline.commit_rows
WHERE reachable AND NOT is_merge
GROUP BY repo, day, author_email;

-- The 30 days that end with the newest day stored of each repository.
CREATE OR REPLACE VIEW hot_files AS
SELECT
  f.repo,
  f.path,
  any_value(f.kind) AS kind,
  count(*) AS changes,
  coalesce(sum(f.insertions), 0)::BIGINT AS insertions,
  coalesce(sum(f.deletions), 0)::BIGINT AS deletions,
  min(f.day) AS first_day,
  max(f.day) AS last_day
FROM pipeline.file_rows AS f
JOIN (SELECT repo, max(day) AS newest FROM pipeline.commit_rows WHERE reachable GROUP BY repo) AS n
  ON n.repo = f.repo AND f.day > n.newest - 30
WHERE f.reachable AND NOT f.is_merge
GROUP BY f.repo, f.path;

-- Nothing names a series but its author and its length: of each other part, the one that landed
-- nearest within 30 days is taken.
CREATE OR REPLACE VIEW threads AS
WITH named AS (
  SELECT repo, sha, 'reverts' AS relation, 'reverted_by' AS back, reverts AS other
  FROM commits WHERE reverts IS NOT NULL
  UNION ALL
  SELECT repo, sha, 'relands', 'relanded_by', relands FROM commits WHERE relands IS NOT NULL
  UNION ALL
  SELECT repo, sha, 'follows', 'followed_by', unnest(follows) FROM commits WHERE len(follows) > 0
), pairs AS (
  SELECT repo, sha, relation, other FROM named
  UNION ALL
  SELECT repo, other, back, sha FROM named
)
SELECT
  r.repo, r.day, r.sha, r.subject, r.landed_at, p.relation, o.sha AS other_sha,
  o.day AS other_day, o.subject AS other_subject, o.landed_at AS other_landed_at,
  o.pr_number AS other_pr_number
FROM pairs AS p
JOIN commits AS r ON r.repo = p.repo AND r.sha = p.sha
JOIN commits AS o ON o.repo = p.repo AND o.sha = p.other
UNION ALL
SELECT
  r.repo, r.day, r.sha, r.subject, r.landed_at, 'series' AS relation, o.sha AS other_sha,
  o.day AS other_day, o.subject AS other_subject, o.landed_at AS other_landed_at,
  o.pr_number AS other_pr_number
FROM pipeline.commit_rows AS r
JOIN pipeline.commit_rows AS o
  ON o.repo = r.repo
  AND o.author_email = r.author_email
  AND split_part(o.series, '/', 2) = split_part(r.series, '/', 2)
  AND o.series <> r.series
WHERE r.series IS NOT NULL AND o.series IS NOT NULL AND r.reachable AND o.reachable
  AND abs(o.day - r.day) <= 30
QUALIFY row_number() OVER (
  PARTITION BY r.repo, r.day, r.sha, o.series
  ORDER BY abs(epoch_us(o.landed_at) - epoch_us(r.landed_at)), o.position
) = 1;

CREATE OR REPLACE VIEW spend AS
SELECT
  c.called_at::DATE AS called_on,
  c.model,
  a.repo,
  count(*) AS calls,
  count(*) FILTER (c.status <> 'ok') AS failed,
  sum(c.tokens_in)::BIGINT AS tokens_in,
  sum(c.tokens_out)::BIGINT AS tokens_out,
  sum(c.cost_usd) AS cost_usd,
  count(*) FILTER (c.cost_usd IS NULL) AS unpriced
FROM model_calls AS c
LEFT JOIN (
  -- Two commits may share an answer; it was paid once, for the first.
  SELECT answer_key, min_by(repo, (day, repo, sha)) AS repo
  FROM analyses
  WHERE answer_key IS NOT NULL
  GROUP BY answer_key
) AS a ON a.answer_key = c.answer_key
GROUP BY called_on, c.model, a.repo;
