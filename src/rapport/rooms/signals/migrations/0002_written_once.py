"""What was said is written once, but for erasure and the matching list; scores carry their signal's place."""

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
    RAISE check_violation USING MESSAGE = 'a recorded signal does not change; record a correction instead';
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

CREATE TRIGGER signals_keep_score
  BEFORE DELETE OR UPDATE OF id, signal_id, metric_id, value, scale_low, scale_high ON signals_score
  FOR EACH ROW EXECUTE FUNCTION signals_keep_part();
CREATE TRIGGER signals_keep_comment BEFORE UPDATE OR DELETE ON signals_comment
  FOR EACH ROW EXECUTE FUNCTION signals_keep_part();
CREATE TRIGGER signals_keep_attachment BEFORE UPDATE OR DELETE ON signals_attachment
  FOR EACH ROW EXECUTE FUNCTION signals_keep_part();

CREATE FUNCTION signals_place_score() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  SELECT s.occurred_at, s.kind, s.source, s.account_id, s.contact_id, s.buying_role,
         s.touchpoint_id, s.product_id, s.region_id, s.partner_id, s.anonymous, s.block, s.superseded
    INTO new.occurred_at, new.kind, new.source, new.account_id, new.contact_id, new.buying_role,
         new.touchpoint_id, new.product_id, new.region_id, new.partner_id, new.anonymous, new.block,
         new.superseded
    FROM signals_signal s WHERE s.id = new.signal_id;
  RETURN new;
END $$;

-- Who records by the thousand has the place at hand and gives it along.
CREATE TRIGGER signals_place_new_score BEFORE INSERT ON signals_score FOR EACH ROW
  WHEN (new.occurred_at IS NULL) EXECUTE FUNCTION signals_place_score();
CREATE TRIGGER signals_place_score BEFORE UPDATE ON signals_score
  FOR EACH ROW EXECUTE FUNCTION signals_place_score();

CREATE FUNCTION signals_place_scores_anew() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  UPDATE signals_score SET superseded = new.superseded WHERE signal_id = new.id;
  RETURN NULL;
END $$;

CREATE TRIGGER signals_place_scores_anew AFTER UPDATE ON signals_signal FOR EACH ROW
  WHEN (old.* IS DISTINCT FROM new.*) EXECUTE FUNCTION signals_place_scores_anew();
"""
BACKWARD = """
DROP TRIGGER signals_place_scores_anew ON signals_signal;
DROP FUNCTION signals_place_scores_anew();
DROP TRIGGER signals_place_score ON signals_score;
DROP TRIGGER signals_place_new_score ON signals_score;
DROP FUNCTION signals_place_score();
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
