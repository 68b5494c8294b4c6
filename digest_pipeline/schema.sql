-- The tables and views of the warehouse. The comments at the end describe people's columns, in the words
-- of docs/sql.md (a test holds them together); Dagster and every SQL tool show them.
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

-- version 3
-- The comments.

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

COMMENT ON COLUMN commits.repo IS '`owner/name` as in the settings';
COMMENT ON COLUMN commits.sha IS 'the full SHA';
COMMENT ON COLUMN commits.day IS 'the local calendar day on which it landed';
COMMENT ON COLUMN commits.landed_at IS 'when it landed: the time of the mainline commit that brought it in';
COMMENT ON COLUMN commits.committed_at IS 'the committer''s time';
COMMENT ON COLUMN commits.authored_at IS 'the author''s time';
COMMENT ON COLUMN commits.author_name IS 'the author''s name';
COMMENT ON COLUMN commits.author_email IS 'the author''s e-mail address';
COMMENT ON COLUMN commits.committer_name IS 'the committer''s name (`GitHub` for most squash merges)';
COMMENT ON COLUMN commits.subject IS 'the first paragraph of the message in one line';
COMMENT ON COLUMN commits.body IS 'the rest of the message, trimmed';
COMMENT ON COLUMN commits.pr_number IS 'the pull or merge request that the message names; NULL without one';
COMMENT ON COLUMN commits.is_merge IS 'whether it has more than one parent';
COMMENT ON COLUMN commits.landed_by IS 'SHA of the mainline commit that brought it in; its own on the mainline';
COMMENT ON COLUMN commits.files_changed IS 'number of its rows in `commit_files`';
COMMENT ON COLUMN commits.insertions IS 'lines added, over all text files';
COMMENT ON COLUMN commits.deletions IS 'lines removed, over all text files';
COMMENT ON COLUMN commits.change_type IS 'feature, fix, perf, refactor, docs, test, build, ci, config, security, revert, release or chore; NULL until analysed, like the next ones';
COMMENT ON COLUMN commits.area IS 'the part of the project that it is about';
COMMENT ON COLUMN commits.importance IS 'high, medium or low';
COMMENT ON COLUMN commits.importance_score IS 'the sum behind `importance`: 3 and more is high, 0 and more medium';
COMMENT ON COLUMN commits.importance_reasons IS 'list: the named parts of the score, the heaviest first: `public_name_added ×2 +3`';
COMMENT ON COLUMN commits.reverts IS 'SHA of the commit that it takes back; where that is not known, what the message names';
COMMENT ON COLUMN commits.reverted_by IS 'SHA of the newest commit that takes it back, on whatever day';
COMMENT ON COLUMN commits.series IS '`2/5` for a part of a series `[2/5]`';
COMMENT ON COLUMN commits.relands IS 'SHA of the reverted commit that it brings back, where it is known';
COMMENT ON COLUMN commits.follows IS 'list: SHAs of earlier commits that its message names as what it goes on from or mends';
COMMENT ON COLUMN commit_files.repo IS '`owner/name`';
COMMENT ON COLUMN commit_files.sha IS 'the commit';
COMMENT ON COLUMN commit_files.day IS 'the commit''s day';
COMMENT ON COLUMN commit_files.path IS 'the path after the commit';
COMMENT ON COLUMN commit_files.old_path IS 'the path before, for renames';
COMMENT ON COLUMN commit_files.status IS 'A added, M modified, D deleted, R renamed, T type changed';
COMMENT ON COLUMN commit_files.insertions IS 'lines added; NULL for binary files';
COMMENT ON COLUMN commit_files.deletions IS 'lines removed; NULL for binary files';
COMMENT ON COLUMN commit_files.is_binary IS 'whether git takes the file for binary';
COMMENT ON COLUMN commit_files.kind IS 'source, test, docs, ci, config, build, generated, vendored, lock or data';
COMMENT ON COLUMN commit_files.is_merge IS 'whether the commit is a merge';
COMMENT ON COLUMN analyses.repo IS '`owner/name`';
COMMENT ON COLUMN analyses.sha IS 'the commit';
COMMENT ON COLUMN analyses.day IS 'the commit''s day';
COMMENT ON COLUMN analyses.tier IS 'the importance under which it is reported: high, medium or low';
COMMENT ON COLUMN analyses.source IS '`rules`, or the model that answered';
COMMENT ON COLUMN analyses.state IS 'ok; pending: the rules stand in and the next run asks again; refused: the rules stay';
COMMENT ON COLUMN analyses.reason IS 'why `state` is not ok, or why the model moved the tier';
COMMENT ON COLUMN analyses.change_type IS 'as in `commits`, after the model';
COMMENT ON COLUMN analyses.summary IS 'what changed, in the language of the settings';
COMMENT ON COLUMN analyses.scope IS 'list of the paths concerned, folded to their common parts';
COMMENT ON COLUMN analyses.behaviour IS 'list of changes of behaviour and interface, a sentence each';
COMMENT ON COLUMN analyses.insights IS 'structure of `architecture`, `performance` and `security`: `insights.security`; NULL where the diff gives no ground';
COMMENT ON COLUMN analyses.risks IS 'list of structures of `text`, `file` and `quote`: `risks[1].text`; the quote stands in that file';
COMMENT ON COLUMN analyses.advice IS 'list of what to do about it';
COMMENT ON COLUMN analyses.unverified IS 'how many named things stand nowhere in the commit';
COMMENT ON COLUMN analyses.coverage IS 'share of the changed lines that was seen, 0 to 1';
COMMENT ON COLUMN analyses.answer_key IS 'the answer in `model_calls`; NULL for rules';
COMMENT ON COLUMN model_calls.answer_key IS 'what was asked; several rows when it was tried again';
COMMENT ON COLUMN model_calls.model IS 'the model that was asked';
COMMENT ON COLUMN model_calls.called_at IS 'when';
COMMENT ON COLUMN model_calls.latency_ms IS 'how long it took';
COMMENT ON COLUMN model_calls.status IS '`ok` or the class of the failure';
COMMENT ON COLUMN model_calls.tokens_in IS 'tokens sent';
COMMENT ON COLUMN model_calls.tokens_out IS 'tokens received';
COMMENT ON COLUMN model_calls.cost_usd IS 'price; NULL where none is known';
COMMENT ON COLUMN days.repo IS '`owner/name`';
COMMENT ON COLUMN days.day IS 'the local calendar day';
COMMENT ON COLUMN days.state IS 'complete; quiet: complete without a commit; partial: something is missing or came late; open: not over yet';
COMMENT ON COLUMN days.reason IS 'why it is partial';
COMMENT ON COLUMN days.commits IS 'commits without merges';
COMMENT ON COLUMN days.high IS 'of these, of high importance';
COMMENT ON COLUMN days.medium IS 'of medium importance';
COMMENT ON COLUMN days.low IS 'of low importance';
COMMENT ON COLUMN days.analysed IS 'analysed as asked';
COMMENT ON COLUMN days.pending IS 'waiting for the model';
COMMENT ON COLUMN days.cost_usd IS 'price of the day''s answers; NULL where none is known';
COMMENT ON COLUMN days.head_sha IS 'the branch''s newest commit at that run';
COMMENT ON COLUMN days.materialized_at IS 'when the report was written';
COMMENT ON COLUMN days.report_path IS 'the report, from the reports folder';
COMMENT ON COLUMN daily_activity.repo IS '`owner/name`';
COMMENT ON COLUMN daily_activity.day IS 'a day with commits';
COMMENT ON COLUMN daily_activity.commits IS 'commits without merges, as in all the sums';
COMMENT ON COLUMN daily_activity.authors IS 'different e-mail addresses';
COMMENT ON COLUMN daily_activity.files_changed IS 'file changes (a file changed twice counts twice)';
COMMENT ON COLUMN daily_activity.insertions IS 'lines added';
COMMENT ON COLUMN daily_activity.deletions IS 'lines removed';
COMMENT ON COLUMN daily_activity.high IS 'commits of high importance';
COMMENT ON COLUMN daily_activity.medium IS 'of medium importance';
COMMENT ON COLUMN daily_activity.low IS 'of low importance';
COMMENT ON COLUMN daily_activity.reverts IS 'commits that take another one back';
COMMENT ON COLUMN author_activity.repo IS '`owner/name`';
COMMENT ON COLUMN author_activity.day IS 'a day with commits of the author';
COMMENT ON COLUMN author_activity.author_email IS 'who';
COMMENT ON COLUMN author_activity.author_name IS 'the name that the newest of these commits gives';
COMMENT ON COLUMN author_activity.commits IS 'commits without merges';
COMMENT ON COLUMN author_activity.files_changed IS 'file changes';
COMMENT ON COLUMN author_activity.insertions IS 'lines added';
COMMENT ON COLUMN author_activity.deletions IS 'lines removed';
COMMENT ON COLUMN author_activity.high IS 'commits of high importance';
COMMENT ON COLUMN hot_files.repo IS '`owner/name`';
COMMENT ON COLUMN hot_files.path IS 'the file';
COMMENT ON COLUMN hot_files.kind IS 'as in `commit_files`';
COMMENT ON COLUMN hot_files.changes IS 'commits that changed it';
COMMENT ON COLUMN hot_files.insertions IS 'lines added';
COMMENT ON COLUMN hot_files.deletions IS 'lines removed';
COMMENT ON COLUMN hot_files.first_day IS 'the first of the 30 days with a change';
COMMENT ON COLUMN hot_files.last_day IS 'the last one';
COMMENT ON COLUMN threads.repo IS '`owner/name`';
COMMENT ON COLUMN threads.day IS 'the commit''s day';
COMMENT ON COLUMN threads.sha IS 'the commit';
COMMENT ON COLUMN threads.subject IS 'its subject';
COMMENT ON COLUMN threads.landed_at IS 'when it landed';
COMMENT ON COLUMN threads.relation IS '`reverts`, `relands`, `follows`; from the other side `reverted_by`, `relanded_by`, `followed_by`; `series` (another part by the same author, the nearest within 30 days)';
COMMENT ON COLUMN threads.other_sha IS 'the commit that it belongs with';
COMMENT ON COLUMN threads.other_day IS 'its day';
COMMENT ON COLUMN threads.other_subject IS 'its subject';
COMMENT ON COLUMN threads.other_landed_at IS 'when it landed';
COMMENT ON COLUMN threads.other_pr_number IS 'its pull request';
COMMENT ON COLUMN spend.called_on IS 'the day of the call, UTC';
COMMENT ON COLUMN spend.model IS 'the model';
COMMENT ON COLUMN spend.repo IS 'whose commit the answer is about; NULL for calls that led to no analysis';
COMMENT ON COLUMN spend.calls IS 'requests';
COMMENT ON COLUMN spend.failed IS 'requests without a usable answer';
COMMENT ON COLUMN spend.tokens_in IS 'tokens sent';
COMMENT ON COLUMN spend.tokens_out IS 'tokens received';
COMMENT ON COLUMN spend.cost_usd IS 'the sum of the known prices';
COMMENT ON COLUMN spend.unpriced IS 'requests without a known price';
