"""The database refuses to change what was said; only erasure and the matching list may."""

from django.db import migrations

FORWARD = """
CREATE FUNCTION signals_keep_signal() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE was jsonb; is_now jsonb;
BEGIN
  IF current_setting('rapport.erasing', true) = 'on' THEN
    RETURN coalesce(new, old);
  END IF;
  IF tg_op = 'DELETE' THEN
    RAISE check_violation USING MESSAGE = 'a recorded signal is not deleted; erase a person instead';
  END IF;
  was := to_jsonb(old) - 'superseded' - 'author_id';
  is_now := to_jsonb(new) - 'superseded' - 'author_id';
  IF old.account_id IS NULL AND NOT old.anonymous THEN
    was := was - 'account_id' - 'region_id' - 'division_id' - 'partner_id';
    is_now := is_now - 'account_id' - 'region_id' - 'division_id' - 'partner_id';
  END IF;
  IF old.contact_id IS NULL AND NOT old.anonymous THEN
    was := was - 'contact_id' - 'buying_role';
    is_now := is_now - 'contact_id' - 'buying_role';
  END IF;
  IF was IS DISTINCT FROM is_now THEN
    RAISE check_violation USING MESSAGE = 'a recorded signal does not change; record a correction that supersedes it';
  END IF;
  RETURN new;
END $$;

CREATE TRIGGER signals_keep_signal BEFORE UPDATE OR DELETE ON signals_signal
  FOR EACH ROW EXECUTE FUNCTION signals_keep_signal();

CREATE FUNCTION signals_keep_part() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF current_setting('rapport.erasing', true) = 'on' THEN
    RETURN coalesce(new, old);
  END IF;
  RAISE check_violation USING MESSAGE = 'what was recorded with a signal does not change';
END $$;

CREATE TRIGGER signals_keep_score BEFORE UPDATE OR DELETE ON signals_score
  FOR EACH ROW EXECUTE FUNCTION signals_keep_part();
CREATE TRIGGER signals_keep_comment BEFORE UPDATE OR DELETE ON signals_comment
  FOR EACH ROW EXECUTE FUNCTION signals_keep_part();
CREATE TRIGGER signals_keep_attachment BEFORE UPDATE OR DELETE ON signals_attachment
  FOR EACH ROW EXECUTE FUNCTION signals_keep_part();
"""
BACKWARD = """
DROP TRIGGER signals_keep_attachment ON signals_attachment;
DROP TRIGGER signals_keep_comment ON signals_comment;
DROP TRIGGER signals_keep_score ON signals_score;
DROP TRIGGER signals_keep_signal ON signals_signal;
DROP FUNCTION signals_keep_part();
DROP FUNCTION signals_keep_signal();
"""


class Migration(migrations.Migration):
    """Adds the triggers that keep the ledger."""

    dependencies = [("signals", "0001_initial")]
    operations = [migrations.RunSQL(FORWARD, BACKWARD)]
