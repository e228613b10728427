"""What the room keeps."""

from rapport.rooms.listening.models.invitation import Invitation, Response
from rapport.rooms.listening.models.programme import Draw, Programme
from rapport.rooms.listening.models.survey import BankQuestion, Survey, SurveyVersion

__all__ = ["BankQuestion", "Draw", "Invitation", "Programme", "Response", "Survey", "SurveyVersion"]
