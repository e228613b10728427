"""The room's tables: rules, and the cases they raise with everything that happens to them."""

from rapport.rooms.action.models.case import Case, CaseCause, CaseEvent, CaseNote, CaseWatcher
from rapport.rooms.action.models.complaints import (
    Complaint,
    ComplaintCategory,
    ComplaintTerm,
    Finding,
    LetterText,
    Remedy,
    Severity,
)
from rapport.rooms.action.models.escalation import Escalation, EscalationCall, EscalationLevel
from rapport.rooms.action.models.feelings import DesiredFeelings
from rapport.rooms.action.models.improvement import (
    CorrectiveAction,
    Improvement,
    Look,
    RootCause,
    Why,
)
from rapport.rooms.action.models.playbook import CaseTask, Playbook, PlaybookStep
from rapport.rooms.action.models.promoters import Ask, AskingLimits, AskKind, AskUse, PromoterLetter
from rapport.rooms.action.models.replies import TakenMail
from rapport.rooms.action.models.rule import Absence, Responsibility, Rule, RuleTurn
from rapport.rooms.action.models.streams import Stream, StreamItem, StreamMessage
from rapport.rooms.action.models.telling import LetterTemplate, Promise, Publication, Recipient, Telling
from rapport.rooms.action.models.workshop import Workshop, WorkshopAction, WorkshopItem, WorkshopVote

__all__ = [
    "Absence",
    "Ask",
    "AskKind",
    "AskUse",
    "AskingLimits",
    "Case",
    "CaseCause",
    "CaseEvent",
    "CaseNote",
    "CaseTask",
    "CaseWatcher",
    "Complaint",
    "ComplaintCategory",
    "ComplaintTerm",
    "CorrectiveAction",
    "DesiredFeelings",
    "Escalation",
    "EscalationCall",
    "EscalationLevel",
    "Finding",
    "Improvement",
    "LetterTemplate",
    "LetterText",
    "Look",
    "Playbook",
    "PlaybookStep",
    "Promise",
    "PromoterLetter",
    "Publication",
    "Recipient",
    "Remedy",
    "Responsibility",
    "RootCause",
    "Rule",
    "RuleTurn",
    "Severity",
    "Stream",
    "StreamItem",
    "StreamMessage",
    "TakenMail",
    "Telling",
    "Why",
    "Workshop",
    "WorkshopAction",
    "WorkshopItem",
    "WorkshopVote",
]
