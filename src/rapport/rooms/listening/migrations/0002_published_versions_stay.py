"""A published version never changes: it can be closed and opened again, nothing else."""

from django.db import migrations

FORWARD = """
CREATE FUNCTION listening_keep_version() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF tg_op = 'DELETE' THEN
    RAISE check_violation USING MESSAGE = 'a published version is not deleted; close it instead';
  END IF;
  IF to_jsonb(old) - 'state' - 'closed_at' IS DISTINCT FROM to_jsonb(new) - 'state' - 'closed_at' THEN
    RAISE check_violation USING MESSAGE = 'a published version does not change; publish another instead';
  END IF;
  RETURN new;
END $$;

CREATE TRIGGER listening_keep_version BEFORE UPDATE OR DELETE ON listening_surveyversion
  FOR EACH ROW EXECUTE FUNCTION listening_keep_version();
"""
BACKWARD = """
DROP TRIGGER listening_keep_version ON listening_surveyversion;
DROP FUNCTION listening_keep_version();
"""


class Migration(migrations.Migration):
    """Adds the trigger that keeps what was asked."""

    dependencies = [("listening", "0001_initial")]
    operations = [migrations.RunSQL(FORWARD, BACKWARD)]
