"""Projects and their milestones; a file may hold a row a project or a row a milestone."""

from typing import Any

from rapport.connectors.files import Field, Group, Target
from rapport.connectors.imports.fields import column_field, external_id
from rapport.connectors.imports.landing import TableLanding
from rapport.rooms.accounts.models import Milestone, Project

TARGET = Target(
    "projects",
    "Projects",
    "Implementations and other work for customers, with their milestones.",
    (
        external_id("a project number"),
        column_field(Project, "account", required=True, refers_to="account", help="By id, our code or name."),
        column_field(Project, "name", required=True),
        column_field(Project, "stage", refers_to="stage"),
        column_field(Project, "status"),
        column_field(Project, "starts_on"),
        column_field(Project, "ends_on"),
    ),
    (
        Group(
            "milestones",
            "Milestones",
            (
                Field("name", "Milestone", required=True, max_length=200),
                Field("due_on", "Due", "date"),
                Field("reached_on", "Reached", "date"),
            ),
            "Points the project is to reach. Rows that repeat the project add theirs.",
        ),
    ),
)

_MILESTONES = """
SELECT DISTINCT ON (w.pos, m.name) w.pos, coalesce(w.new_id, w.match) AS project_id,
       m.name, m.due_on, m.reached_on
  FROM {stage} s
  JOIN {stage} w ON w.key = s.key AND w.fate IN ('new', 'changed', 'unchanged')
  CROSS JOIN LATERAL jsonb_to_recordset(s.g_milestones) AS m (name text, due_on date, reached_on date)
 WHERE s.fate IS DISTINCT FROM 'rejected'
 ORDER BY w.pos, m.name, s.pos DESC
"""


class ProjectsLanding(TableLanding):
    """Lands projects; milestones are gathered from every row that names the project."""

    target = TARGET
    model = Project
    natural = ("account", "name")

    def more_differences(self) -> list[str]:
        table = Milestone._meta.db_table
        staged = self.stage.name
        return [
            f"EXISTS (SELECT 1 FROM {staged} r CROSS JOIN LATERAL jsonb_to_recordset(r.g_milestones) "
            "AS m (name text, due_on date, reached_on date) "
            f"LEFT JOIN {table} x ON x.project_id = t.id AND x.name = m.name "
            "WHERE r.key = s.key AND r.fate IS DISTINCT FROM 'rejected' AND (x.id IS NULL "
            "OR x.due_on IS DISTINCT FROM coalesce(m.due_on, x.due_on) "
            "OR x.reached_on IS DISTINCT FROM coalesce(m.reached_on, x.reached_on)))"
        ]

    def finish(self, between: dict[str, Any]) -> None:
        table = Milestone._meta.db_table
        self.stage.execute(
            f"INSERT INTO {table} (project_id, name, due_on, reached_on) "
            f"SELECT project_id, name, due_on, reached_on FROM ({_MILESTONES}) q "
            "WHERE pos BETWEEN %(first)s AND %(last)s "
            "ON CONFLICT (project_id, name) DO UPDATE SET "
            f"due_on = coalesce(excluded.due_on, {table}.due_on), "
            f"reached_on = coalesce(excluded.reached_on, {table}.reached_on) "
            f"WHERE ({table}.due_on, {table}.reached_on) IS DISTINCT FROM "
            f"(coalesce(excluded.due_on, {table}.due_on), coalesce(excluded.reached_on, {table}.reached_on))",
            between,
        )
