"""Addresses of the insight room."""

from django.urls import URLPattern, URLResolver, path

from rapport.rooms.insight.views import arranging, boards
from rapport.rooms.insight.views.drivers import drivers, drivers_picture
from rapport.rooms.insight.views.explorer import explorer, explorer_picture, save
from rapport.rooms.insight.views.home import home

app_name = "insight"
BOARD = "understand/boards/<slug:board>/"
urlpatterns: list[URLPattern | URLResolver] = [
    path("", home, name="home"),
    path("understand/", boards.home, name="dashboard"),
    path("understand/drivers/", drivers, name="drivers"),
    path("understand/drivers/<slug:key>.svg", drivers_picture, name="drivers-picture"),
    path("understand/explore/", explorer, name="explorer"),
    path("understand/explore/<int:number>.svg", explorer_picture, name="explorer-picture"),
    path("understand/explore/save/", save, name="explorer-save"),
    path("understand/boards/", boards.listed, name="boards"),
    path(BOARD, boards.board, name="board"),
    path(f"{BOARD}tiles/<int:number>/", boards.tile, name="tile"),
    path(f"{BOARD}tiles/<int:number>/picture/", boards.picture, name="tile-picture"),
    path(f"{BOARD}tiles/<int:number>/table/", boards.table, name="tile-table"),
    path(f"{BOARD}copy/", arranging.copy, name="copy"),
    path(f"{BOARD}arrange/", arranging.arrange, name="arrange"),
    path(f"{BOARD}delete/", arranging.delete, name="delete"),
    path(f"{BOARD}mail/", arranging.mail, name="mail"),
]
