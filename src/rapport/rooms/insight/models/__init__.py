"""What the insight room keeps: dashboards people arranged, and who gets one by mail."""

from rapport.rooms.insight.models.dashboards import Dashboard, DashboardMail, Tile

__all__ = ["Dashboard", "DashboardMail", "Tile"]
