"""A database as it is after years: many previews, each with many deployments."""

import psycopg

_BRANCHES = """
INSERT INTO deployments_branch (repository_id, name, slug, title, author, author_avatar_url,
  pull_request, pull_request_url, wanted, wanted_commit, generation, state, state_changed_at,
  expires_at, visited_at, created_at, updated_at)
SELECT %(repository)s, 'feature/' || n, 'feature-' || n, 'SHOP-' || n || ' A title as written',
  'person-' || n %% 40, 'https://avatars.githubusercontent.com/u/' || n %% 40, n,
  'https://github.com/acme/shop/pull/' || n, 'present', md5(n::text) || '00000000', 1,
  (ARRAY['live','live','live','live','failed','building','pending'])[1 + n %% 7],
  now() - n * interval '1 minute', now() + n * interval '1 minute',
  now() - n * interval '3 minutes', now() - n * interval '1 hour', now() - n * interval '1 minute'
FROM generate_series(1, %(branches)s) AS n
"""
_DEPLOYMENTS = """
INSERT INTO deployments_deployment (branch_id, generation, commit, trigger, actor, no_cache, state,
  error, hint, source, build_reused, cluster, namespace, progress, lease_owner, attempts,
  created_at, state_changed_at, cleaned_at)
SELECT b.id, g, md5(b.id::text || g) || '00000000', 'push', '', false,
  CASE WHEN g < %(each)s THEN 'retired' WHEN b.state = 'failed' THEN 'failed' ELSE 'live' END,
  CASE WHEN b.state = 'failed' THEN 'The build failed: npm ERR! code ERESOLVE' ELSE '' END,
  '', '', false, '', '', '', '', 1, now(), now(), now()
FROM deployments_branch AS b, generate_series(1, %(each)s) AS g
"""
_POINT = """
UPDATE deployments_branch AS b SET deployment_id = d.id,
  live_id = CASE WHEN b.state = 'live' THEN d.id END
FROM deployments_deployment AS d WHERE d.branch_id = b.id AND d.generation = %(each)s
"""


def fill(database: str, branches: int, each: int) -> None:
    """`branches` previews with `each` deployments, and statistics for the planner."""
    with psycopg.connect(database, autocommit=True) as connection:
        found = connection.execute("SELECT id FROM deployments_repository LIMIT 1").fetchone()
        assert found is not None
        values = {"repository": found[0], "branches": branches, "each": each}
        for statement in (_BRANCHES, _DEPLOYMENTS, _POINT):
            connection.execute(statement, values)
        connection.execute("VACUUM ANALYZE")
