"""Rapport, loaded: imported by the process that the drill's own processes are forked from."""

import django

django.setup()

from django.db import connections  # noqa: E402 - needs what setup made
from django.urls import get_resolver  # noqa: E402 - needs what setup made

get_resolver()
# Connections do not survive a fork.
connections.close_all()
