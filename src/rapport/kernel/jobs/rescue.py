"""Jobs of a worker that died: found by its silence and put back on the queue."""

from django.db import connection

HEARTBEAT_SECONDS = 1.0
# Ten missed beats: a busy worker still beats, because beats come from its own thread's loop.
SILENT_SECONDS = 10.0
# A job that takes its worker down with it every time is not started for ever.
MOST_ATTEMPTS = 30

_RESCUE = """
WITH silent AS (
  SELECT id FROM procrastinate_workers WHERE last_heartbeat < now() - make_interval(secs => %(silent)s)
), held AS (
  SELECT job.id, job.attempts, job.queueing_lock FROM procrastinate_jobs job
  WHERE job.status = 'doing'
    AND (job.worker_id IS NULL OR job.worker_id IN (SELECT id FROM silent))
  FOR UPDATE OF job SKIP LOCKED
), judged AS (
  SELECT held.id, held.attempts >= %(most)s AS hopeless,
    held.queueing_lock IS NOT NULL AND (
      row_number() OVER (PARTITION BY held.queueing_lock ORDER BY held.id) > 1
      OR EXISTS (SELECT 1 FROM procrastinate_jobs other
                 WHERE other.status = 'todo' AND other.queueing_lock = held.queueing_lock)
    ) AS superfluous
  FROM held
), dropped AS (
  DELETE FROM procrastinate_jobs WHERE id IN (SELECT id FROM judged WHERE superfluous)
), given_up AS (
  UPDATE procrastinate_jobs SET status = 'failed'
  WHERE id IN (SELECT id FROM judged WHERE hopeless AND NOT superfluous)
  RETURNING id, task_name, attempts
), noted AS (
  INSERT INTO kernel_jobfailure (job_id, task, attempt, failed_at, error, traceback)
  SELECT id, task_name, attempts, now(), 'The worker died during each of its attempts', '' FROM given_up
), back AS (
  UPDATE procrastinate_jobs
  SET status = 'todo', attempts = attempts + 1, scheduled_at = NULL, worker_id = NULL
  WHERE id IN (SELECT id FROM judged WHERE NOT hopeless AND NOT superfluous) RETURNING id
)
SELECT id, pg_notify('procrastinate_any_queue_v1',
  json_build_object('type', 'job_inserted', 'job_id', id)::text) FROM back
"""
_FORGET = "DELETE FROM procrastinate_workers WHERE last_heartbeat < now() - make_interval(secs => %(silent)s)"


def rescue_jobs(silent_seconds: float = SILENT_SECONDS) -> list[int]:
    """Put the jobs of silent workers back on the queue and return their ids.

    One statement judges and moves, so that two rescuers never put the same job back twice. A job of which the
    like already waits (the next turn of a periodic one) is dropped.
    """
    with connection.cursor() as cursor:
        cursor.execute(_RESCUE, {"silent": silent_seconds, "most": MOST_ATTEMPTS})
        rescued = [row[0] for row in cursor.fetchall()]
        cursor.execute(_FORGET, {"silent": silent_seconds * 6})
    return rescued
