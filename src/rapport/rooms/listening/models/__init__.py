"""What the room keeps."""

from rapport.rooms.listening.models.answering import Ballot, QuotaFill, Upload
from rapport.rooms.listening.models.asking import (
    Bounce,
    HouseRest,
    NotAsked,
    Occasion,
    Reward,
    Sheet,
    ShortMessage,
    Suppression,
)
from rapport.rooms.listening.models.invitation import Invitation, Response
from rapport.rooms.listening.models.programme import Draw, Programme
from rapport.rooms.listening.models.survey import BankQuestion, Survey, SurveyVersion

__all__ = [
    "Ballot",
    "BankQuestion",
    "Bounce",
    "Draw",
    "HouseRest",
    "Invitation",
    "NotAsked",
    "Occasion",
    "Programme",
    "QuotaFill",
    "Response",
    "Reward",
    "Sheet",
    "ShortMessage",
    "Suppression",
    "Survey",
    "SurveyVersion",
    "Upload",
]
