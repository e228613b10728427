"""The database keeps each account's path in the tree, and refuses circles."""

from django.db import migrations

FORWARD = """
CREATE FUNCTION accounts_place_account() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE above ltree;
BEGIN
  IF new.parent_id IS NULL THEN
    new.path := new.id::text::ltree;
    RETURN new;
  END IF;
  SELECT path INTO above FROM accounts_account WHERE id = new.parent_id;
  IF above IS NULL THEN
    RAISE foreign_key_violation USING MESSAGE = 'account ' || new.id || ' belongs to an account that does not exist';
  END IF;
  IF above ~ ('*.' || new.id || '.*')::lquery THEN
    RAISE check_violation USING MESSAGE = 'account ' || new.id || ' cannot belong to a part of itself',
      CONSTRAINT = 'account_tree_has_no_circle';
  END IF;
  new.path := above || new.id::text::ltree;
  RETURN new;
END $$;

CREATE TRIGGER accounts_place_new BEFORE INSERT ON accounts_account
  FOR EACH ROW EXECUTE FUNCTION accounts_place_account();
CREATE TRIGGER accounts_place_moved BEFORE UPDATE OF parent_id ON accounts_account
  FOR EACH ROW EXECUTE FUNCTION accounts_place_account();

CREATE FUNCTION accounts_move_subtree() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF NOT EXISTS (SELECT FROM accounts_account WHERE parent_id = new.id) THEN
    RETURN NULL;
  END IF;
  UPDATE accounts_account SET path = new.path || subpath(path, nlevel(old.path))
   WHERE path <@ old.path AND id <> new.id;
  RETURN NULL;
END $$;

CREATE TRIGGER accounts_subtree_follows AFTER UPDATE OF parent_id ON accounts_account
  FOR EACH ROW WHEN (old.path IS DISTINCT FROM new.path) EXECUTE FUNCTION accounts_move_subtree();
"""
BACKWARD = """
DROP TRIGGER accounts_subtree_follows ON accounts_account;
DROP TRIGGER accounts_place_moved ON accounts_account;
DROP TRIGGER accounts_place_new ON accounts_account;
DROP FUNCTION accounts_move_subtree();
DROP FUNCTION accounts_place_account();
"""


class Migration(migrations.Migration):
    """Adds the triggers of the tree."""

    dependencies = [("accounts", "0001_initial")]
    operations = [migrations.RunSQL(FORWARD, BACKWARD)]
