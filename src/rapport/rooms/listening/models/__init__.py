"""What the room keeps."""

from rapport.rooms.listening.models.answering import Ballot, QuotaFill, Upload
from rapport.rooms.listening.models.invitation import Invitation, Response
from rapport.rooms.listening.models.programme import Draw, Programme
from rapport.rooms.listening.models.survey import BankQuestion, Survey, SurveyVersion

__all__ = [
    "Ballot",
    "BankQuestion",
    "Draw",
    "Invitation",
    "Programme",
    "QuotaFill",
    "Response",
    "Survey",
    "SurveyVersion",
    "Upload",
]
