"""Which scores changed in which transaction is noted, so that facts derived from them find what is new."""

from django.db import migrations

FORWARD = """
CREATE TABLE signals_score_change (
  xid xid8 NOT NULL DEFAULT pg_current_xact_id(),
  fresh boolean NOT NULL,
  scores bigint[] NOT NULL,
  noted_at timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX signals_score_change_by_xid ON signals_score_change (xid);

CREATE FUNCTION signals_note_scores() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  INSERT INTO signals_score_change (fresh, scores)
    SELECT tg_op = 'INSERT', array_agg(id) FROM touched HAVING count(*) > 0;
  RETURN NULL;
END $$;

CREATE TRIGGER signals_note_new_scores AFTER INSERT ON signals_score
  REFERENCING NEW TABLE AS touched FOR EACH STATEMENT EXECUTE FUNCTION signals_note_scores();
CREATE TRIGGER signals_note_changed_scores AFTER UPDATE ON signals_score
  REFERENCING NEW TABLE AS touched FOR EACH STATEMENT EXECUTE FUNCTION signals_note_scores();
CREATE TRIGGER signals_note_gone_scores AFTER DELETE ON signals_score
  REFERENCING OLD TABLE AS touched FOR EACH STATEMENT EXECUTE FUNCTION signals_note_scores();
"""
BACKWARD = """
DROP TRIGGER signals_note_gone_scores ON signals_score;
DROP TRIGGER signals_note_changed_scores ON signals_score;
DROP TRIGGER signals_note_new_scores ON signals_score;
DROP FUNCTION signals_note_scores();
DROP TABLE signals_score_change;
"""


class Migration(migrations.Migration):
    """Adds the notes of changes and the triggers that write them."""

    dependencies = [("signals", "0003_answers")]
    operations = [migrations.RunSQL(FORWARD, BACKWARD)]
