"""The function that ties a change to who made it, and the table that all processes share as a cache."""

from django.db import migrations

# pghistory's own function looks the setting up inside an exception block. Where nothing is set that aborts a
# subtransaction for every row, and PostgreSQL then goes through all deferred checks of the transaction: time
# grows with the square of the rows.
ATTACH_CONTEXT = """
CREATE OR REPLACE FUNCTION _pgh_attach_context() RETURNS pghistory_context.id%TYPE LANGUAGE plpgsql AS $$
DECLARE
  context text := current_setting('pghistory.context_id', true);
  told text := current_setting('pghistory.context_metadata', true);
BEGIN
  IF coalesce(context, '') = '' OR coalesce(told, '') = '' THEN
    RETURN NULL;
  END IF;
  INSERT INTO pghistory_context (id, metadata, created_at, updated_at)
    VALUES (context::uuid, told::jsonb, now(), now())
    ON CONFLICT (id) DO UPDATE SET metadata = EXCLUDED.metadata, updated_at = EXCLUDED.updated_at
    WHERE pghistory_context.metadata != EXCLUDED.metadata;
  RETURN context::uuid;
END
$$;
CREATE INDEX pghistory_context_user ON pghistory_context ((metadata->>'user'));
"""

# Unlogged: nothing in it is missed after a crash.
CACHE = """
CREATE UNLOGGED TABLE kernel_cache (
  cache_key varchar(255) PRIMARY KEY,
  value text NOT NULL,
  expires timestamptz NOT NULL
);
CREATE INDEX kernel_cache_expires ON kernel_cache (expires);
"""


class Migration(migrations.Migration):
    """Runs what Django's schema editor does not know."""

    dependencies = [("kernel", "0001_initial")]
    operations = [
        migrations.RunSQL(ATTACH_CONTEXT, "DROP INDEX pghistory_context_user"),
        migrations.RunSQL(CACHE, "DROP TABLE kernel_cache"),
    ]
